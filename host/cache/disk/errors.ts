import { errnoOf, KheadersError } from "../../../shared/errors.js";
import { printable } from "../../../shared/printable.js";

const noSpace = new Set(["ENOSPC", "EDQUOT"]);
const notAllowed = new Set(["EROFS", "EACCES", "EPERM"]);

/**
 * Makes an error that a file system reported into one that the user can understand. A KheadersError stays itself.
 *
 * @param doing What was tried, as it completes "cannot …", for example "write the tree".
 * @param path Where it was tried.
 * @returns KheadersError `disk-full` for a full disk or quota, else `cache-failed`.
 */
export function diskError(error: unknown, doing: string, path: string): KheadersError {
  if (error instanceof KheadersError) return error;
  const errno = errnoOf(error);
  const where = printable(path, 400);
  if (errno !== undefined && noSpace.has(errno)) {
    return new KheadersError("disk-full", `cannot ${doing}: no space left for ${where}`, {
      hint: "Free some space with `kheaders cache prune`, or choose another folder with --cache-dir.",
      cause: error,
    });
  }
  const reason = error instanceof Error ? printable(error.message, 400) : "unknown reason";
  return new KheadersError("cache-failed", `cannot ${doing} at ${where}: ${reason}`, {
    ...(isNotWritable(error) && { hint: "Choose a folder that you may write with --cache-dir." }),
    cause: error,
  });
}

/** Whether a write failed because we may not write there, as in another user's cache or on a read-only disk. */
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
