import { utimesSync } from "node:fs";
import type { Digest } from "../../../shared/identity.js";
import { diskError, isMissing, isNotWritable } from "./errors.js";
import type { CachePaths } from "./paths.js";
import { statIfThere } from "./stat.js";

/**
 * When the archive and tree of a digest were last used, in milliseconds since 1970: the archive's mtime; 0 if
 * there is no archive.
 */
export function lastUseOf(paths: CachePaths, digest: Digest): number {
  return statIfThere(paths.archive(digest))?.mtimeMs ?? 0;
}

/**
 * Remembers that a file of the cache is used now, if the cache may be written.
 *
 * @throws KheadersError `cache-failed`.
 */
export function touch(file: string, now: Date): void {
  try {
    utimesSync(file, now, now);
  } catch (error) {
    // A cache that we may not write keeps no times. A missing file is noticed when it is read.
    if (!isNotWritable(error) && !isMissing(error)) throw diskError(error, "note the use of the cache", file);
  }
}
