import path from "node:path";
import { errnoOf, KheadersError, reasonOf } from "../../../shared/errors.js";
import { printable } from "../../../shared/printable.js";
import { isTemporaryName } from "./paths.js";

const noSpace = new Set(["ENOSPC", "EDQUOT"]);
const notAllowed = new Set(["EROFS", "EACCES", "EPERM"]);

/**
 * Turns an error that the file system reported into one that the user can understand. A KheadersError is
 * returned as it is.
 *
 * @param doing What was tried, to complete "cannot …", for example "write the tree".
 * @param file Where it was tried; shown without temporary names.
 * @returns KheadersError `disk-full` for a full disk or quota, else `cache-failed`.
 */
export function diskError(error: unknown, doing: string, file: string): KheadersError {
  if (error instanceof KheadersError) return error;
  const errno = errnoOf(error);
  const where = printable(withoutTemporary(file), 400);
  if (errno !== undefined && noSpace.has(errno)) {
    return new KheadersError("disk-full", `cannot ${doing}: no space left for ${where}`, {
      hint: "Free some space with `kheaders cache prune`, or choose another folder with --cache-dir.",
      cause: error,
    });
  }
  return new KheadersError("cache-failed", `cannot ${doing} at ${where}: ${reasonOf(error)}`, {
    ...(isNotWritable(error) && { hint: "Choose a folder that you may write with --cache-dir." }),
    cause: error,
  });
}

/** A path up to its first temporary name: what lies there is gone by the time the user reads the error. */
function withoutTemporary(file: string): string {
  const names = file.split(path.sep);
  const temporary = names.findIndex((name) => isTemporaryName(name));
  return temporary === -1 ? file : names.slice(0, temporary).join(path.sep);
}

/**
 * Whether a write failed because we may not write there, as in another user's cache or on a read-only disk.
 */
export function isNotWritable(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno !== undefined && notAllowed.has(errno);
}

/** Whether a write failed because the disk or the quota is full. */
export function isDiskFull(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno !== undefined && noSpace.has(errno);
}

/** Whether a file or one of the folders above it does not exist. */
export function isMissing(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno === "ENOENT" || errno === "ENOTDIR";
}
