import { mkdirSync, statSync } from "node:fs";
import path from "node:path";
import { errnoOf } from "../../../shared/errors.js";

/**
 * Makes a folder and those above it, if they do not exist. One at a time: Node's own recursive mkdir never
 * ends if a file system answers ENOENT although the folder above exists, as procfs does.
 *
 * @throws the system's error.
 */
export function makeFolders(folder: string): void {
  try {
    mkdirSync(folder);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "EEXIST" && statSync(folder).isDirectory()) return;
    const parent = path.dirname(folder);
    if (errno !== "ENOENT" || parent === folder) throw error;
    makeFolders(parent);
    makeInside(folder);
  }
}

/** Makes a folder whose parent exists, unless another process has just made it. */
function makeInside(folder: string): void {
  try {
    mkdirSync(folder);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
  }
}
