import { closeSync, openSync, readSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";

const chunkBytes = 1024 * 1024;

/**
 * The bytes of a file, chunk by chunk, each in memory of its own, leaving the thread to others in between.
 *
 * @throws the system's error; the signal's reason when it aborts.
 */
export async function* chunksOf(file: string, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const descriptor = openSync(file, "r");
  try {
    for (;;) {
      signal?.throwIfAborted();
      const buffer = Buffer.allocUnsafe(chunkBytes);
      const length = readSync(descriptor, buffer, 0, chunkBytes, null);
      if (length === 0) return;
      yield buffer.subarray(0, length);
      await nextTurn();
    }
  } finally {
    closeSync(descriptor);
  }
}
