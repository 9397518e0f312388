import { setImmediate as nextTurn } from "node:timers/promises";
import type { ByteSource } from "../byte-source.js";
import { overFileLimit } from "../errors.js";
import { kernelFileLimits } from "../limits.js";

const chunkBytes = 1024 * 1024;

/**
 * Finds every place of every mark (a magic, a marker) in one pass, in ascending order. It leaves the thread to others in
 * between. Throws `file-refused` if one mark has more places than the limits allow, or the signal's reason.
 */
export async function findMarks<Name extends string>(
  source: ByteSource,
  marks: Readonly<Record<Name, Uint8Array>>,
  signal: AbortSignal | undefined,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(marks) as Name[];
  const places = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[]>;
  const overlap = Math.max(...names.map((name) => marks[name].length)) - 1;
  for (let start = 0; start < source.size; start += chunkBytes) {
    signal?.throwIfAborted();
    const chunk = source.read(start, Math.min(chunkBytes + overlap, source.size - start));
    for (const name of names) {
      for (const at of placesIn(chunk, marks[name])) {
        // What begins in the overlap is found with the next chunk.
        if (at >= chunkBytes) break;
        if (places[name].push(start + at) > kernelFileLimits.marks)
          throw overFileLimit(
            `the number of places that look like ${name}`,
            kernelFileLimits.marks,
            "places",
          );
      }
    }
    await nextTurn();
  }
  return places;
}

/** The offsets of a byte sequence, in ascending order; they may overlap. */
export function* placesIn(bytes: Uint8Array, wanted: Uint8Array): Generator<number> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = buffer.indexOf(wanted); at >= 0; at = buffer.indexOf(wanted, at + 1)) yield at;
}
