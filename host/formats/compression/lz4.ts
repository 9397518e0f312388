import { setImmediate as nextTurn } from "node:timers/promises";
import type { ByteSource } from "../byte-source.js";
import { damaged } from "../errors.js";

/** The first bytes of the two formats. */
export const lz4Magic = { legacy: 0x184c2102, frame: 0x184d2204 } as const;

/** What one block of the legacy format holds at most. */
const legacyBlockBytes = 8 * 1024 * 1024;
/** How far back a match may begin. */
const historyBytes = 64 * 1024;
/** The sizes of a frame's blocks, by the number in its descriptor. */
const frameBlockBytes: Readonly<Record<number, number>> = {
  4: 64 * 1024,
  5: 256 * 1024,
  6: 1024 * 1024,
  7: 4 * 1024 * 1024,
};

/**
 * Decompresses lz4 in its legacy format, which the kernel uses (`lz4 -l`): blocks of a size and data. There is no mark at
 * its end: what cannot be the size of a block is not part of it. Source: lz4's doc/lz4_Frame_format.md, "Legacy frame", and
 * doc/lz4_Block_format.md. For what it throws, see `Compression`.
 */
export async function* unlz4Legacy(
  source: ByteSource,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const output = new Uint8Array(legacyBlockBytes);
  let offset = 4;
  while (offset + 4 <= source.size) {
    signal?.throwIfAborted();
    const size = uint32(source, offset);
    const rest = source.size - offset - 4;
    // The size of the kernel may follow, or a device tree.
    if (size === 0 || size > compressedBound(legacyBlockBytes) || rest === 0) return;
    const end = decodeBlock(source.read(offset + 4, size), output, 0);
    yield output.slice(0, end);
    offset += 4 + size;
    await nextTurn();
  }
}

/**
 * Decompresses a frame of lz4, which the `lz4` program writes (doc/lz4_Frame_format.md). Its checksums are not verified: what
 * is taken out of a kernel has checksums of its own. For what it throws, see `Compression`.
 */
export async function* unlz4Frame(
  source: ByteSource,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { blockBytes, headerBytes, hasBlockChecksum } = frameHeader(source);
  // Blocks may refer to what came before them, so the end of it stays in front of the next.
  const output = new Uint8Array(historyBytes + blockBytes);
  let history = 0;
  for (let offset = headerBytes; ; ) {
    signal?.throwIfAborted();
    const field = uint32(source, offset);
    if (field === 0) return;
    const size = field & 0x7fffffff;
    if (size > blockBytes) throw notWhole();
    const block = source.read(offset + 4, size);
    const isStored = field >>> 31 === 1;
    const room = output.subarray(0, history + blockBytes);
    if (isStored) room.set(block, history);
    const end = isStored ? history + size : decodeBlock(block, room, history);
    yield output.slice(history, end);
    const kept = Math.min(end, historyBytes);
    output.copyWithin(0, end - kept, end);
    history = kept;
    offset += 4 + size + (hasBlockChecksum ? 4 : 0);
    await nextTurn();
  }
}

interface FrameHeader {
  readonly blockBytes: number;
  readonly headerBytes: number;
  readonly hasBlockChecksum: boolean;
}

function frameHeader(source: ByteSource): FrameHeader {
  const [flags = 0, descriptor = 0] = source.read(4, 2);
  const blockBytes = frameBlockBytes[(descriptor >> 4) & 7];
  const hasContentSize = (flags & 0x08) !== 0;
  const hasDictionary = (flags & 0x01) !== 0;
  if (flags >> 6 !== 1 || hasDictionary || blockBytes === undefined)
    throw damaged("its lz4 data has flags that are not known");
  return { blockBytes, headerBytes: 7 + (hasContentSize ? 8 : 0), hasBlockChecksum: (flags & 0x10) !== 0 };
}

/** What data that cannot be compressed comes to (lz4.h, LZ4_COMPRESSBOUND). */
function compressedBound(size: number): number {
  return size + Math.floor(size / 255) + 16;
}

/**
 * Decodes one block to `output` from `start` on; matches may begin before it. Gives where the output ends. The input is
 * literals and matches in turn, and ends with literals.
 */
function decodeBlock(input: Uint8Array, output: Uint8Array, start: number): number {
  let at = 0;
  let end = start;
  while (at < input.length) {
    const token = input[at++] ?? 0;
    let literals = token >> 4;
    if (literals === 15) {
      const more = moreLength(input, at);
      literals += more;
      at += moreLengthBytes(more);
    }
    if (at + literals > input.length || end + literals > output.length) throw notWhole();
    if (literals < 16)
      for (let index = 0; index < literals; index += 1) output[end + index] = input[at + index] ?? 0;
    else output.set(input.subarray(at, at + literals), end);
    at += literals;
    end += literals;
    if (at === input.length) return end;
    const distance = (input[at] ?? 0) | ((input[at + 1] ?? 0) << 8);
    at += 2;
    let match = (token & 15) + 4;
    if ((token & 15) === 15) {
      const more = moreLength(input, at);
      match += more;
      at += moreLengthBytes(more);
    }
    if (distance === 0 || distance > end || end + match > output.length) throw notWhole();
    copyMatch(output, end, distance, match);
    end += match;
  }
  throw notWhole();
}

/**
 * What the bytes from `at` on add to a length: all up to the first that is not 255. The caller moves `at` itself: V8 14.6
 * (Node 26) compiles a function that moves a variable of the one around it to code that at times misses the move.
 */
function moreLength(input: Uint8Array, at: number): number {
  let total = 0;
  for (let next = at, byte = 255; byte === 255; next += 1) {
    byte = input[next] ?? 0;
    total += byte;
  }
  return total;
}

/** How many bytes say so much of a length. */
function moreLengthBytes(more: number): number {
  return Math.floor(more / 255) + 1;
}

/** A match may overlap what it makes: a distance of 1 repeats a byte. */
function copyMatch(output: Uint8Array, end: number, distance: number, count: number): void {
  if (distance >= count && count > 32) {
    output.copyWithin(end, end - distance, end - distance + count);
    return;
  }
  for (let index = end; index < end + count; index += 1) output[index] = output[index - distance] ?? 0;
}

function uint32(source: ByteSource, offset: number): number {
  return Buffer.from(source.read(offset, 4)).readUInt32LE();
}

function notWhole(): Error {
  return damaged("its lz4 data is not whole");
}
