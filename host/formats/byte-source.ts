import { closeSync, fstatSync, readSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import { openRegular } from "../archive/chunks.js";
import { damaged, overFileLimit, refusedFile } from "./errors.js";

/** Bytes that can be read anywhere, without all of them being in memory. */
export interface ByteSource {
  /** How many bytes there are. */
  readonly size: number;
  /**
   * Reads exactly `length` bytes at `offset`; they must not be changed. Throws `file-corrupt` if some of them lie outside,
   * `file-refused` if it is more than {@link maxReadBytes}, or the system's error.
   */
  read(offset: number, length: number): Uint8Array;
}

/** A source that holds a file open until it is closed. */
export interface FileSource extends ByteSource {
  /** Closes the file. Slices of this source end with it. A second call does nothing. */
  close(): void;
}

/** The most that can be read at once: lengths in a file are hostile, and what was read is in memory. */
export const maxReadBytes = 16 * 1024 * 1024;

const chunkBytes = 1024 * 1024;
/** Reads of up to this size are served from a window, for the fields of a header lie close together. */
const smallRead = 4 * 1024;
const windowBytes = 64 * 1024;

/**
 * Opens a regular file. Throws `file-refused` for a FIFO or a device, without waiting for it, or the system's error. The
 * caller closes it.
 */
export function fileSource(path: string): FileSource {
  const descriptor = openRegular(path);
  if (descriptor === undefined) throw refusedFile(`${printable(path, 400)} is not a regular file`);
  return descriptorSource(descriptor);
}

/** The bytes of a file that is open for reading, as many as it has now. It is closed with the source. */
export function descriptorSource(descriptor: number): FileSource {
  const { size } = fstatSync(descriptor);
  let open = true;
  let window = { start: 0, bytes: new Uint8Array() };
  const readAll = (offset: number, length: number) => {
    const bytes = new Uint8Array(length);
    for (let filled = 0; filled < length; ) {
      const count = readSync(descriptor, bytes, filled, length - filled, offset + filled);
      if (count === 0) throw damaged("it became shorter while it was read");
      filled += count;
    }
    return bytes;
  };
  return {
    size,
    read(offset, length) {
      if (!open) throw new KheadersError("internal-error", "A file was read after it was closed.");
      checkRange(size, offset, length);
      if (length > smallRead) return readAll(offset, length);
      if (offset < window.start || offset + length > window.start + window.bytes.length)
        window = { start: offset, bytes: readAll(offset, Math.min(windowBytes, size - offset)) };
      return window.bytes.subarray(offset - window.start, offset - window.start + length);
    },
    close() {
      if (open) closeSync(descriptor);
      open = false;
    },
  };
}

/** Bytes in memory. What is read is a view of them. */
export function bufferSource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read(offset, length) {
      checkRange(bytes.length, offset, length);
      return bytes.subarray(offset, offset + length);
    },
  };
}

/** A part of a source. Throws `file-corrupt` if it does not lie within it. */
export function slice(source: ByteSource, offset: number, length: number): ByteSource {
  checkWithin(source.size, offset, length);
  return {
    size: length,
    read(from, count) {
      checkRange(length, from, count);
      return source.read(offset + from, count);
    },
  };
}

/** All bytes of a source in chunks of at most 1 MiB, leaving the thread to others in between. Throws as `read` does. */
export async function* sourceChunks(source: ByteSource, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < source.size; offset += chunkBytes) {
    signal?.throwIfAborted();
    yield source.read(offset, Math.min(chunkBytes, source.size - offset));
    await nextTurn();
  }
}

function checkRange(size: number, offset: number, length: number): void {
  checkWithin(size, offset, length);
  if (length > maxReadBytes) throw overFileLimit("a part of it", maxReadBytes, "bytes");
}

/** Also refuses what is not a whole number, as a 64-bit field can become. */
function checkWithin(size: number, offset: number, length: number): void {
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0)
    throw damaged("it says that a part of it lies where no part can be");
  if (offset + length > size)
    throw damaged(`it ends after ${size} bytes, but says that it has ${offset + length}`);
}
