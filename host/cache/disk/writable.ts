import { accessSync, constants, lstatSync, statSync } from "node:fs";
import path from "node:path";
import { KheadersError } from "../../../shared/errors.js";
import { printable } from "../../../shared/printable.js";
import { diskError, isMissing } from "./errors.js";

/**
 * Finds the nearest existing folder at or above the place of a cache. Writes nothing.
 *
 * Throws `cache-failed` if a cache could not be written there: something else is in the way, a link is
 * broken, the folder belongs to another user, or the disk is read-only.
 *
 * @param dir The cache's folder, absolute; it need not exist.
 */
export function writableFolder(dir: string): string {
  const folder = nearest(dir);
  try {
    if (!statSync(folder).isDirectory()) throw inTheWay(folder, "is not a folder");
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    if (isMissing(error)) throw inTheWay(folder, "is a broken link");
    throw diskError(error, "write the cache", folder);
  }
  return folder;
}

/** The path itself, or the nearest one above it that exists. */
function nearest(dir: string): string {
  try {
    lstatSync(dir);
    return dir;
  } catch (error) {
    const parent = path.dirname(dir);
    if (isMissing(error) && parent !== dir) return nearest(parent);
    throw diskError(error, "read the cache", dir);
  }
}

function inTheWay(place: string, what: string): KheadersError {
  return new KheadersError(
    "cache-failed",
    `${printable(place, 400)} ${what}: the cache cannot be made there`,
    {
      hint: "Choose another folder with --cache-dir.",
    },
  );
}
