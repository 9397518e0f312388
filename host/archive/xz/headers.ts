import { crc32 } from "node:zlib";
import { corrupt, refused } from "../errors.js";
import { formatOf } from "../formats.js";

// Section numbers are those of The .xz File Format, version 1.2.0 (tukaani.org/xz/xz-file-format.txt).

/** Bytes with which every stream begins (section 2.1.1.1). */
export const xzMagic = Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00);

/** Size of a stream header in bytes (section 2.1.1), and of a stream footer (2.1.2). */
export const streamHeaderSize = 12;
export const streamFooterSize = 12;

/** A filter of a block (section 3.1.5). */
export interface XzFilter {
  readonly id: number;
  readonly properties: Uint8Array;
}

export const lzma2Id = 0x21;

/** Section 5.3. */
const filterNames: ReadonlyMap<number, string> = new Map([
  [0x03, "Delta"],
  [0x04, "BCJ x86"],
  [0x05, "BCJ PowerPC"],
  [0x06, "BCJ IA-64"],
  [0x07, "BCJ ARM"],
  [0x08, "BCJ ARM Thumb"],
  [0x09, "BCJ SPARC"],
  [0x0a, "BCJ ARM64"],
  [0x0b, "BCJ RISC-V"],
]);

/** What a filter is called, for an error message. */
export function filterName(id: number): string {
  return filterNames.get(id) ?? `0x${id.toString(16)}`;
}

/** Section 2.1.1: gives the number of the integrity check that the stream uses. */
export function readStreamHeader(header: Uint8Array): number {
  if (!xzMagic.every((byte, index) => byte === header[index])) {
    const format = formatOf(header);
    throw corrupt(format === undefined ? "it is not xz data" : `it is ${format} data, not xz`);
  }
  const flags = header.subarray(6, 8);
  if (crc32(flags) !== readUInt32(header, 8)) throw corrupt("the header of the xz data is wrong");
  const [reserved = 0, check = 0] = flags;
  if (reserved !== 0 || check > 0x0f) throw refused("its xz data has flags that are not known");
  return check;
}

/** Section 3.1, the whole header with its size byte: gives the filters of the block. */
export function readBlockHeader(header: Uint8Array): XzFilter[] {
  const end = header.length - 4;
  if (crc32(header.subarray(0, end)) !== readUInt32(header, end)) throw wrongBlockHeader();
  const flags = header[1] ?? 0;
  if ((flags & 0x3c) !== 0) throw refused("a block of its xz data has flags that are not known");
  const fields = new Fields(header.subarray(2, end));
  if ((flags & 0x40) !== 0) fields.integer(); // compressed size
  if ((flags & 0x80) !== 0) fields.integer(); // uncompressed size
  return Array.from({ length: (flags & 0x03) + 1 }, () => ({
    id: fields.integer(),
    properties: fields.bytes(fields.integer()),
  }));
}

/** Section 5.3.1: the size in bytes of the dictionary that an LZMA2 filter asks for. */
export function dictionarySize(properties: Uint8Array): number {
  const [bits = 0xff] = properties;
  if (properties.length !== 1 || bits > 40)
    throw refused("its xz data has LZMA2 properties that are not known");
  return bits === 40 ? 2 ** 32 - 1 : (2 | (bits & 1)) * 2 ** ((bits >> 1) + 11);
}

/** Multibyte integers (section 1.2) and plain bytes, one after the other. */
class Fields {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  integer(): number {
    let value = 0;
    for (let shift = 0; shift <= 56; shift += 7) {
      const [byte = 0] = this.bytes(1);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw wrongBlockHeader();
  }

  bytes(count: number): Uint8Array {
    const bytes = this.#bytes.subarray(this.#offset, this.#offset + count);
    if (bytes.length !== count) throw wrongBlockHeader();
    this.#offset += count;
    return bytes;
  }
}

function wrongBlockHeader(): Error {
  return corrupt("a block header of the xz data is wrong");
}

function readUInt32(bytes: Uint8Array, offset: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(offset, true);
}
