import { closeSync, constants, fstatSync, openSync, readSync, statSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { printable } from "../../shared/printable.js";
import { refused } from "./errors.js";

const chunkBytes = 1024 * 1024;

/**
 * The bytes of a regular file, chunk by chunk, each in memory of its own, leaving the thread to others in between. It ends
 * where the file ended when it was opened. A FIFO or a device is refused without waiting for it.
 *
 * Throws `archive-refused`, the system's error, or the signal's reason when it aborts.
 */
export async function* chunksOf(file: string, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const descriptor = openRegular(file);
  if (descriptor === undefined) throw refused(`${printable(file, 400)} is not a regular file`);
  try {
    for (let left = fstatSync(descriptor).size; left > 0; ) {
      signal?.throwIfAborted();
      const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, left));
      const length = readSync(descriptor, buffer, 0, buffer.length, null);
      if (length === 0) return;
      left -= length;
      yield buffer.subarray(0, length);
      await nextTurn();
    }
  } finally {
    closeSync(descriptor);
  }
}

/** Opens a regular file for reading. Undefined for anything else, without waiting for it. Throws the system's error. */
export function openRegular(file: string): number | undefined {
  // Opening some devices already does something.
  if (!statSync(file).isFile()) return undefined;
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  if (fstatSync(descriptor).isFile()) return descriptor;
  closeSync(descriptor);
  return undefined;
}
