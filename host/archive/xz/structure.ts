import { corrupt, overLimit, refused } from "../errors.js";
import type { ArchiveLimits } from "../limits.js";
import { type StepParser, StepReader, type Steps } from "../steps.js";
import {
  dictionarySize,
  filterName,
  lzma2Id,
  readBlockHeader,
  readStreamHeader,
  streamFooterSize,
  streamHeaderSize,
  xzMagic,
} from "./headers.js";

/** What decides which xz files are accepted. */
export interface XzRules {
  readonly limits: ArchiveLimits;
}

/**
 * Walks through the structure of an .xz file without decoding it, ahead of the decoder, and refuses what must not reach
 * the decoder or what it would accept silently: a large dictionary, a bomb, filters that it lacks. Compressed data is
 * skipped; headers are trusted only as far as their CRC32 goes, and everything else is left to the decoder to verify.
 *
 * Source: The .xz File Format, version 1.2.0 (tukaani.org/xz/xz-file-format.txt), and for the chunks of LZMA2, which it
 * does not describe, `lib/xz/xz_dec_lzma2.c` of the Linux kernel.
 */
export class XzStructure {
  readonly #rules: XzRules;
  readonly #reader: StepReader;
  #compressed = 0;
  #unpacked = 0;
  #wholeBytes = 0;
  #isChecked = true;

  constructor(rules: XzRules) {
    this.#rules = rules;
    this.#reader = new StepReader(this.#file());
  }

  /** Bytes that the chunks seen so far say they unpack to. */
  get unpackedBytes(): number {
    return this.#unpacked;
  }

  /** Where the last stream ends that was whole, in bytes of the file; it is known even after `push` has thrown. */
  get wholeBytes(): number {
    return this.#wholeBytes;
  }

  /** Whether each stream seen so far has an integrity check of its content. */
  get isChecked(): boolean {
    return this.#isChecked;
  }

  /** Takes the next bytes of the file. Throws `archive-refused` or `archive-corrupt`. */
  push(chunk: Uint8Array): void {
    this.#compressed += chunk.length;
    const { compressedBytes } = this.#rules.limits;
    if (this.#compressed > compressedBytes) throw overLimit("its compressed size", compressedBytes, "bytes");
    this.#reader.push(chunk);
  }

  /** To be called after the last byte. Throws `archive-corrupt` if the file is not whole. */
  end(): void {
    if (this.#compressed === 0) throw corrupt("it is empty");
    if (!this.#reader.complete) throw corrupt(`the xz data breaks off after ${this.#compressed} bytes`);
  }

  *#file(): StepParser {
    yield* this.#stream(yield { bytes: streamHeaderSize });
    for (;;) {
      const next = yield { bytes: 4, mayEnd: true };
      if (next.every((byte) => byte === 0)) continue; // stream padding (section 2.2)
      if (!next.every((byte, offset) => byte === xzMagic[offset])) {
        throw corrupt("something follows the end of the xz data");
      }
      yield* this.#stream(Buffer.concat([next, yield { bytes: streamHeaderSize - next.length }]));
    }
  }

  *#stream(header: Uint8Array): Steps<void> {
    const checkSize = this.#sizeOfCheck(readStreamHeader(header));
    let blocks = 0;
    for (;;) {
      const sizeByte = yield { bytes: 1 };
      const [size = 0] = sizeByte;
      if (size === 0) break; // not a block, but the indicator of the index
      this.#accept(Buffer.concat([sizeByte, yield { bytes: (size + 1) * 4 - 1 }]));
      const compressed = yield* this.#lzma2();
      yield { bytes: paddingTo4(compressed) + checkSize, skip: true };
      blocks += 1;
    }
    yield* index(blocks);
    yield { bytes: streamFooterSize, skip: true };
    this.#wholeBytes = this.#reader.taken;
  }

  /** Section 2.1.1.2, as far as the decoder can compute the checks. */
  #sizeOfCheck(check: number): number {
    switch (check) {
      case 0:
        this.#isChecked = false;
        return 0;
      case 1:
        return 4;
      case 4:
        return 8;
      default: {
        const name = check === 10 ? "SHA-256" : `number ${check}`;
        throw refused(`its xz data has the integrity check ${name}; only CRC32 and CRC64 are supported`);
      }
    }
  }

  #accept(blockHeader: Uint8Array): void {
    const { dictionaryBytes } = this.#rules.limits;
    for (const { id, properties } of readBlockHeader(blockHeader)) {
      if (id !== lzma2Id) {
        throw refused(`its xz data uses the filter ${filterName(id)}; only LZMA2 is supported`);
      }
      if (dictionarySize(properties) > dictionaryBytes) {
        throw overLimit("the dictionary of its xz data", dictionaryBytes, "bytes");
      }
    }
  }

  /** The chunks of one block. Gives how many bytes they take, compressed. */
  *#lzma2(): Steps<number> {
    let compressed = 0;
    for (;;) {
      const [control = 0] = yield { bytes: 1 };
      compressed += 1;
      if (control === 0) return compressed;
      if (control > 2 && control < 0x80) throw corrupt("the xz data has a chunk of an unknown kind");
      const isStored = control < 0x80;
      const hasProperties = control >= 0xc0;
      const header = yield { bytes: isStored ? 2 : hasProperties ? 5 : 4 };
      const unpacked = 1 + readUInt16(header, 0) + (isStored ? 0 : (control & 0x1f) << 16);
      this.#count(unpacked);
      const data = isStored ? unpacked : 1 + readUInt16(header, 2);
      compressed += header.length + data;
      // The range coder's first byte is always zero, which no checksum covers and xz-embedded does not look at.
      const [first = 0] = yield { bytes: 1 };
      if (!isStored && first !== 0) throw corrupt("the xz data has a chunk that begins wrongly");
      yield { bytes: data - 1, skip: true };
    }
  }

  #count(bytes: number): void {
    this.#unpacked += bytes;
    const { unpackedBytes } = this.#rules.limits;
    if (this.#unpacked > unpackedBytes) throw overLimit("its unpacked size", unpackedBytes, "bytes");
  }
}

/** Section 4, after the indicator. The decoder compares the records with the blocks; here they are passed over. */
function* index(blocks: number): Steps<void> {
  let size = 1;
  let records = 0;
  for (let shift = 0; ; shift += 7) {
    const [byte = 0] = yield { bytes: 1 };
    size += 1;
    records += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
    if (shift > 49) throw corrupt("the index of the xz data is wrong");
  }
  if (records !== blocks) throw corrupt("the index of the xz data is wrong");
  for (let integers = 2 * records; integers > 0; ) {
    const [byte = 0] = yield { bytes: 1 };
    size += 1;
    if (byte < 0x80) integers -= 1;
  }
  yield { bytes: paddingTo4(size) + 4, skip: true };
}

/** Big-endian, as LZMA2 has them. */
function readUInt16(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0);
}

function paddingTo4(size: number): number {
  return (4 - (size % 4)) % 4;
}
