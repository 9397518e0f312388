import { endianness } from "node:os";
import { MalformedBtf } from "./malformed.js";

/** The parts of raw BTF. */
export interface BtfSections {
  readonly littleEndian: boolean;
  /** The types: 32-bit words in this machine's byte order, which is a copy if the file's is the other. */
  readonly types: Uint32Array;
  /** Names, each ended by NUL. */
  readonly strings: Uint8Array;
  /** What follows a type of each kind: two bytes and flags for each; empty in files of before 2026. */
  readonly layout: Uint8Array;
}

const magic = 0xeb9f;
const version = 1;
/** `sizeof(struct btf_header)` before it had a layout section, and with it. */
const minHeader = 24;
const headerWithLayout = 32;

/** Whether bytes begin as raw BTF does, in either byte order. */
export function looksLikeBtf(file: Uint8Array): boolean {
  return byteOrderOf(file) !== undefined;
}

/**
 * Reads the header of raw BTF, as in `/sys/kernel/btf/vmlinux` (Linux Documentation/bpf/btf.rst; struct btf_header). Throws
 * {@link MalformedBtf} if it is not one, or a section lies outside of the file.
 */
export function readSections(file: Uint8Array): BtfSections {
  const littleEndian = byteOrderOf(file);
  if (littleEndian === undefined) throw new MalformedBtf("it does not begin as BTF does");
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const word = (offset: number) => view.getUint32(offset, littleEndian);
  if (file.length < minHeader) throw new MalformedBtf("its header ends too early");
  if (file[2] !== version) throw new MalformedBtf(`its version is ${file[2]}, not ${version}`);
  const headerSize = word(4);
  if (headerSize < minHeader || headerSize > file.length)
    throw new MalformedBtf(`its header has ${headerSize} bytes`);
  const body = file.subarray(headerSize);
  const hasLayout = headerSize >= headerWithLayout;
  const strings = section(body, "strings", word(16), word(20));
  if (strings.length > 0 && strings.at(-1) !== 0) throw new MalformedBtf("its last name has no end");
  return {
    littleEndian,
    types: wordsOf(aligned("types", section(body, "types", word(8), word(12))), littleEndian),
    strings,
    layout: hasLayout ? aligned("layout", section(body, "layout", word(24), word(28))) : body.subarray(0, 0),
  };
}

/** Whether it is little-endian; undefined if it is not BTF. */
function byteOrderOf(file: Uint8Array): boolean | undefined {
  const [first = 0, second = 0] = file;
  if (((second << 8) | first) === magic) return true;
  return ((first << 8) | second) === magic ? false : undefined;
}

function section(body: Uint8Array, name: string, offset: number, size: number): Uint8Array {
  if (offset + size > body.length) throw new MalformedBtf(`its ${name} lie outside of it`);
  return body.subarray(offset, offset + size);
}

function aligned(name: string, content: Uint8Array): Uint8Array {
  if (content.length % 4 !== 0) throw new MalformedBtf(`its ${name} end within a word`);
  return content;
}

function wordsOf(bytes: Uint8Array, littleEndian: boolean): Uint32Array {
  const isNative = littleEndian === (endianness() === "LE");
  if (isNative && bytes.byteOffset % 4 === 0)
    return new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  // `new Uint8Array` has a buffer of its own, so it is aligned.
  const copy = new Uint8Array(bytes);
  if (!isNative) Buffer.from(copy.buffer).swap32();
  return new Uint32Array(copy.buffer);
}
