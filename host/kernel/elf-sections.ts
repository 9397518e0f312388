import { parseElfHeader } from "./elf.js";

/** A file that is not an ELF file, or a damaged one: `message` says what is wrong with it. */
export class MalformedElf extends Error {
  override readonly name = "MalformedElf";
}

/** A section of an ELF file. */
export interface ElfSection {
  readonly name: string;
  /** `sh_type`. */
  readonly type: number;
  /** A view into the file; empty for a section without bytes there (`SHT_NOBITS`). */
  readonly content: Uint8Array;
}

/** A symbol of an object file. */
export interface ElfSymbol {
  readonly name: string;
  readonly isWeak: boolean;
  /** The section that it is in; undefined for one that another object defines, and for those of no section. */
  readonly section: ElfSection | undefined;
  /** Whether another object must define it (`SHN_UNDEF`). */
  readonly isUndefined: boolean;
}

/** An ELF file's sections. */
export interface ElfFile {
  readonly bits: 32 | 64;
  readonly littleEndian: boolean;
  readonly sections: readonly ElfSection[];
}

const sectionSizes = { 32: 40, 64: 64 } as const;
const symbolSizes = { 32: 16, 64: 24 } as const;
const symbolTableType = 2;
const withoutBytes = 8;
const weakBinding = 2;
/** Section numbers from here on mean something else (`SHN_LORESERVE`). */
const firstReserved = 0xff00;
/** The longest symbol name that the kernel accepts (include/linux/kallsyms.h, KSYM_NAME_LEN). */
const maxName = 512;

/**
 * Reads the section table of an ELF file of 32 or 64 bits and of either byte order (System V ABI, chapter 4). The cost
 * is bounded by the file's own size. Throws {@link MalformedElf} if it is not an ELF file, or a section lies outside of it.
 */
export function readElf(file: Uint8Array): ElfFile {
  const header = parseElfHeader(file);
  if (header === undefined) throw new MalformedElf("it is not an ELF file");
  const { bits } = header;
  const littleEndian = header.endianness === "little";
  const reader = new Reader(file, bits, littleEndian);
  const is64 = bits === 64;
  const table = reader.word(is64 ? 40 : 32);
  const entrySize = reader.half(is64 ? 58 : 46);
  const count = reader.half(is64 ? 60 : 48);
  const namesIndex = reader.half(is64 ? 62 : 50);
  if (entrySize !== sectionSizes[bits] || count === 0 || count >= firstReserved || namesIndex >= count)
    throw new MalformedElf("it has no section table");
  reader.bytes(table, count * entrySize);
  const headers = Array.from({ length: count }, (_, index) =>
    sectionHeader(reader, table + index * entrySize),
  );
  const names = headers[namesIndex]?.content ?? new Uint8Array();
  const sections = headers.map(({ name, type, content }) => ({ name: textAt(names, name), type, content }));
  return { bits, littleEndian, sections };
}

/** The content of the first section of that name, or undefined. */
export function sectionOf(elf: ElfFile, name: string): Uint8Array | undefined {
  return elf.sections.find((section) => section.name === name)?.content;
}

/** Reads the symbols of an object file that have a name; a stripped one has none. Throws if the table is damaged. */
export function* symbolsOf(elf: ElfFile): Generator<ElfSymbol> {
  const table = elf.sections.find(({ type }) => type === symbolTableType);
  const names = sectionOf(elf, ".strtab");
  if (table === undefined || names === undefined) return;
  const size = symbolSizes[elf.bits];
  if (table.content.length % size !== 0) throw new MalformedElf("its symbol table is damaged");
  const reader = new Reader(table.content, elf.bits, elf.littleEndian);
  for (let offset = 0; offset < table.content.length; offset += size) {
    const name = reader.four(offset);
    if (name === 0) continue;
    const info = reader.byte(offset + (elf.bits === 64 ? 4 : 12));
    const index = reader.half(offset + (elf.bits === 64 ? 6 : 14));
    yield {
      name: textAt(names, name),
      isWeak: info >> 4 === weakBinding,
      section: index === 0 ? undefined : elf.sections[index],
      isUndefined: index === 0,
    };
  }
}

/** The text at an offset of a table of NUL-terminated strings. Throws if it lies outside, or is longer than any name. */
export function textAt(table: Uint8Array, offset: number): string {
  const end = table.subarray(offset, offset + maxName).indexOf(0);
  if (end < 0) throw new MalformedElf("a name in it has no end");
  return Buffer.from(table.subarray(offset, offset + end)).toString("latin1");
}

function sectionHeader(reader: Reader, at: number): { name: number; type: number; content: Uint8Array } {
  const is64 = reader.bits === 64;
  const type = reader.four(at + 4);
  const offset = reader.word(at + (is64 ? 24 : 16));
  const size = reader.word(at + (is64 ? 32 : 20));
  const content = type === withoutBytes ? new Uint8Array() : reader.bytes(offset, size);
  return { name: reader.four(at), type, content };
}

/** Reads numbers of a file, in its byte order. */
class Reader {
  readonly bits: 32 | 64;
  readonly #file: Uint8Array;
  readonly #view: DataView;
  readonly #littleEndian: boolean;

  constructor(file: Uint8Array, bits: 32 | 64, littleEndian: boolean) {
    this.bits = bits;
    this.#file = file;
    this.#view = new DataView(file.buffer, file.byteOffset, file.byteLength);
    this.#littleEndian = littleEndian;
  }

  byte(offset: number): number {
    this.#check(offset, 1);
    return this.#view.getUint8(offset);
  }

  half(offset: number): number {
    this.#check(offset, 2);
    return this.#view.getUint16(offset, this.#littleEndian);
  }

  four(offset: number): number {
    this.#check(offset, 4);
    return this.#view.getUint32(offset, this.#littleEndian);
  }

  /** A number as wide as an address. A number too large to be exact lies outside of any file. */
  word(offset: number): number {
    if (this.bits === 32) return this.four(offset);
    this.#check(offset, 8);
    return Number(this.#view.getBigUint64(offset, this.#littleEndian));
  }

  bytes(offset: number, size: number): Uint8Array {
    this.#check(offset, size);
    return this.#file.subarray(offset, offset + size);
  }

  #check(offset: number, size: number): void {
    if (offset + size > this.#file.length) throw new MalformedElf("it ends too early");
  }
}
