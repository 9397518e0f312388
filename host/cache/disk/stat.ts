import { lstatSync, type Stats } from "node:fs";
import { diskError } from "./errors.js";

/**
 * What the file system says about a path, without following a link; undefined if nothing is there.
 *
 * @throws KheadersError `cache-failed`.
 */
export function statIfThere(file: string): Stats | undefined {
  try {
    return lstatSync(file, { throwIfNoEntry: false });
  } catch (error) {
    throw diskError(error, "read the cache", file);
  }
}
