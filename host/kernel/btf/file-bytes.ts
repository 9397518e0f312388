import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/** A part of a range of bytes, in their order. */
export interface Piece {
  /** Where it begins in the range. */
  readonly at: number;
  /** How many bytes belong to it. */
  readonly length: number;
  /** These and a few that follow, so that what lies across the end is found. Good until the next piece is asked for. */
  readonly bytes: Uint8Array;
}

/** The bytes of a file. */
export interface FileBytes {
  /** All of them, of which those are good that were needed before; the others are 0. */
  readonly all: Uint8Array;
  /** Makes a range good; what lies outside of the file is ignored. */
  need(from: number, to: number): void;
  /** Goes through a range once, without keeping it. @param more how many bytes that follow a piece are given with it. */
  pieces(from: number, to: number, more: number): Iterable<Piece>;
}

/** Bytes as those of a file; if they are no such, all of them are there. */
export function fileBytes(all: Uint8Array | FileBytes): FileBytes {
  if (!(all instanceof Uint8Array)) return all;
  return {
    all,
    need: () => undefined,
    pieces: (from, to) => [{ at: 0, length: to - from, bytes: all.subarray(from, to) }],
  };
}

/** A part of the bytes, which was taken of all of them. */
export function partOf(whole: FileBytes, part: Uint8Array): FileBytes {
  const start = part.byteOffset - whole.all.byteOffset;
  return {
    all: part,
    need: (from, to) => whole.need(start + from, start + to),
    pieces: (from, to, more) => whole.pieces(start + from, start + to, more),
  };
}

/** Bytes that are read at once. */
const pieceBytes = 256 * 1024;
/** What is read where something is needed: around a name, few bytes are. */
const blockBytes = 16 * 1024;

/**
 * A file that is read as far as it is needed. To search it costs a fifth of the time that reading it whole into memory does:
 * the system has to find and clear each page of memory that was not used before.
 */
export class LazyFile implements FileBytes {
  readonly all: Uint8Array;
  readonly #descriptor: number;
  readonly #isGood: Uint8Array;

  /** @throws the system's error. */
  constructor(path: string) {
    this.#descriptor = openSync(path, "r");
    // Memory that is zero and was never touched, which takes no time and no pages.
    this.all = new Uint8Array(fstatSync(this.#descriptor).size);
    this.#isGood = new Uint8Array(Math.ceil(this.all.length / blockBytes));
  }

  need(from: number, to: number): void {
    const last = Math.min(Math.ceil(to / blockBytes), this.#isGood.length);
    for (let block = Math.max(0, Math.floor(from / blockBytes)); block < last; block += 1) {
      if (this.#isGood[block] === 1) continue;
      let end = block;
      while (end < last && this.#isGood[end] !== 1) end += 1;
      const start = block * blockBytes;
      this.#read(this.all.subarray(start, end * blockBytes), start);
      this.#isGood.fill(1, block, end);
    }
  }

  *pieces(from: number, to: number, more: number): Generator<Piece> {
    const buffer = new Uint8Array(pieceBytes + more);
    for (let start = from; start < to; start += pieceBytes) {
      const bytes = buffer.subarray(0, Math.min(buffer.length, to - start));
      this.#read(bytes, start);
      yield { at: start - from, length: Math.min(pieceBytes, to - start), bytes };
    }
  }

  /** @throws the system's error. */
  close(): void {
    closeSync(this.#descriptor);
  }

  /** What a file does not have any more is 0. */
  #read(into: Uint8Array, start: number): void {
    for (let done = 0; done < into.length; ) {
      const read = readSync(this.#descriptor, into, done, into.length - done, start + done);
      if (read === 0) {
        into.fill(0, done);
        return;
      }
      done += read;
    }
  }
}
