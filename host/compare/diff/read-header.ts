import { lstatSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../../../shared/errors.js";

/** The largest header of a kernel has some 15 MB (of AMD's graphics registers). */
const maxBytes = 32 * 1024 * 1024;

/**
 * The text of a file of a tree; of a symbolic link, its target. Bytes that are not UTF-8 become U+FFFD, and control
 * characters stay.
 *
 * @param path As in `FileChange`.
 * @returns undefined if the tree has no such file, or it is too large to be shown.
 */
export function readHeader(tree: string, path: string): string | undefined {
  const file = join(tree, path);
  try {
    const stat = lstatSync(file);
    if (stat.isSymbolicLink()) return readlinkSync(file);
    return stat.isFile() && stat.size <= maxBytes ? readFileSync(file, "utf8") : undefined;
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return undefined;
    throw error;
  }
}
