import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { errnoOf } from "../../../shared/errors.js";
import { diskError, isMissing } from "./errors.js";

/** The errors of open(2) for a link, a socket and a device without a driver. */
const notRegular = new Set(["ELOOP", "ENXIO", "ENODEV"]);

/**
 * Reads a whole file of the cache. What is not a regular file, or has more than `maxBytes`, counts as
 * missing: reading a FIFO or a device must not block, and links are not followed.
 *
 * @throws KheadersError `cache-failed` if the disk cannot be read.
 */
export function readIfThere(file: string, maxBytes: number): Buffer | undefined {
  try {
    const opened = openRegular(file);
    if (opened === undefined) return undefined;
    try {
      return opened.size > maxBytes ? undefined : readAll(opened.descriptor, opened.size);
    } finally {
      closeSync(opened.descriptor);
    }
  } catch (error) {
    throw diskError(error, "read the cache", file);
  }
}

/**
 * Opens a regular file for reading; undefined if there is none. The caller closes the descriptor.
 *
 * @throws the system's error.
 */
export function openRegular(
  file: string,
): { readonly descriptor: number; readonly size: number } | undefined {
  const descriptor = openIfThere(file);
  if (descriptor === undefined) return undefined;
  const stat = fstatSync(descriptor);
  if (stat.isFile()) return { descriptor, size: stat.size };
  closeSync(descriptor);
  return undefined;
}

function openIfThere(file: string): number | undefined {
  try {
    return openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (isMissing(error) || notRegular.has(errnoOf(error) ?? "")) return undefined;
    throw error;
  }
}

function readAll(descriptor: number, size: number): Buffer {
  const content = Buffer.allocUnsafe(size);
  let length = 0;
  while (length < size) {
    const read = readSync(descriptor, content, length, size - length, null);
    if (read === 0) break;
    length += read;
  }
  return content.subarray(0, length);
}
