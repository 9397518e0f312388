import { chmodSync, lstatSync, readdirSync, rmdirSync, unlinkSync } from "node:fs";
import path from "node:path";
import { diskError, isMissing, isNotWritable } from "./errors.js";

/**
 * Removes a file, or a tree whose folders may be read-only. Links are removed, never followed. Nothing there is no error,
 * nor is another process that removes the same.
 *
 * @throws the system's error.
 */
export function removeTree(root: string): void {
  const stat = lstatSync(root, { throwIfNoEntry: false });
  if (stat === undefined) return;
  ignoringMissing(() => {
    if (!stat.isDirectory()) {
      unlinkSync(root);
      return;
    }
    // Only who may write a folder can take something out of it.
    if ((stat.mode & 0o700) !== 0o700) chmodSync(root, 0o700);
    for (const child of readdirSync(root, { withFileTypes: true })) {
      const inside = path.join(root, child.name);
      if (child.isDirectory()) removeTree(inside);
      else ignoringMissing(() => unlinkSync(inside));
    }
    rmdirSync(root);
  });
}

/**
 * As {@link removeTree}, for what another user of the cache may have left, whose it is to clear away.
 *
 * @returns Whether it is gone.
 * @throws KheadersError `cache-failed`.
 */
export function removeIfAllowed(root: string): boolean {
  try {
    removeTree(root);
    return true;
  } catch (error) {
    if (isNotWritable(error)) return false;
    throw diskError(error, "remove", root);
  }
}

function ignoringMissing(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
