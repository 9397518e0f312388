import { elfHeaderBytes, parseElfHeader } from "./elf.js";

/** A file that is not an ELF file, or a damaged one: `message` says what is wrong with it. */
export class MalformedElf extends Error {
  override readonly name = "MalformedElf";
}

/** The bytes of an ELF file, in memory or not. */
export interface ElfBytes {
  readonly size: number;
  /** Gives exactly `length` bytes at `offset`. */
  read(offset: number, length: number): Uint8Array;
}

/** A section of an ELF file, by its header. */
export interface ElfSectionHeader {
  readonly name: string;
  /** `sh_type`. */
  readonly type: number;
  /** Whether it lies in memory when the program runs (`SHF_ALLOC`). */
  readonly isLoaded: boolean;
  /** `sh_addr`; 0 in an object file. */
  readonly address: bigint;
  /** Where its bytes lie in the file; `size` is 0 for a section without bytes there (`SHT_NOBITS`). */
  readonly offset: number;
  readonly size: number;
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

/** What the section table of an ELF file says. */
export interface ElfSections {
  readonly bits: 32 | 64;
  readonly littleEndian: boolean;
  /** `e_machine`. */
  readonly machine: number;
  /** `e_type`: 1 for an object file. */
  readonly fileType: number;
  readonly sections: readonly ElfSectionHeader[];
}

/** An ELF file's sections. */
export interface ElfFile {
  readonly bits: 32 | 64;
  readonly littleEndian: boolean;
  readonly sections: readonly ElfSection[];
}

const headerSizes = { 32: 52, 64: 64 } as const;
const sectionSizes = { 32: 40, 64: 64 } as const;
const symbolSizes = { 32: 16, 64: 24 } as const;
const symbolTableType = 2;
const withoutBytes = 8;
const weakBinding = 2;
/** Section numbers from here on mean something else (`SHN_LORESERVE`). */
const firstReserved = 0xff00;
/** `SHF_ALLOC`. */
const loadedFlag = 2;
/** The most bytes that the names of all sections take: those of an object file with a section a function. */
const maxSectionNames = 4 * 1024 * 1024;
/** The longest symbol name that the kernel accepts (include/linux/kallsyms.h, KSYM_NAME_LEN). */
const maxName = 512;

/**
 * Reads the section table of an ELF file of 32 or 64 bits and of either byte order (System V ABI, chapter 4). The cost
 * is bounded by the table's own size. Throws {@link MalformedElf} if it is not an ELF file, or a section lies outside of it.
 */
export function readElfSections(file: ElfBytes): ElfSections {
  const header = parseElfHeader(file.read(0, Math.min(elfHeaderBytes, file.size)));
  if (header === undefined) throw new MalformedElf("it is not an ELF file");
  const { bits, machine } = header;
  const littleEndian = header.endianness === "little";
  const is64 = bits === 64;
  const start = new Reader(bytesAt(file, 0, headerSizes[bits]), bits, littleEndian);
  const entrySize = start.half(is64 ? 58 : 46);
  const count = start.half(is64 ? 60 : 48);
  const namesIndex = start.half(is64 ? 62 : 50);
  if (entrySize !== sectionSizes[bits] || count === 0 || count >= firstReserved || namesIndex >= count)
    throw new MalformedElf("it has no section table");
  const table = bytesAt(file, start.word(is64 ? 40 : 32), count * entrySize);
  const reader = new Reader(table, bits, littleEndian);
  const headers = Array.from({ length: count }, (_, index) => sectionHeader(reader, index * entrySize));
  for (const { offset, size } of headers) checkWithin(file, offset, size);
  const { offset = 0, size = 0 } = headers[namesIndex] ?? {};
  if (size > maxSectionNames) throw new MalformedElf("the names of its sections are too long");
  const names = file.read(offset, size);
  const sections = headers.map((section) => ({ ...section, name: textAt(names, section.name) }));
  return { bits, littleEndian, machine, fileType: start.half(16), sections };
}

/** The same of a file in memory, with the content of each section. */
export function readElf(file: Uint8Array): ElfFile {
  const bytes = {
    size: file.length,
    read: (offset: number, length: number) => file.subarray(offset, offset + length),
  };
  const { bits, littleEndian, sections } = readElfSections(bytes);
  return {
    bits,
    littleEndian,
    sections: sections.map(({ name, type, offset, size }) => ({
      name,
      type,
      content: bytes.read(offset, size),
    })),
  };
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

function sectionHeader(reader: Reader, at: number): Omit<ElfSectionHeader, "name"> & { name: number } {
  const is64 = reader.bits === 64;
  const type = reader.four(at + 4);
  const hasBytes = type !== withoutBytes;
  return {
    name: reader.four(at),
    type,
    isLoaded: (reader.four(at + 8 + (is64 && !reader.littleEndian ? 4 : 0)) & loadedFlag) !== 0,
    address: reader.address(at + (is64 ? 16 : 12)),
    offset: hasBytes ? reader.word(at + (is64 ? 24 : 16)) : 0,
    size: hasBytes ? reader.word(at + (is64 ? 32 : 20)) : 0,
  };
}

function bytesAt(file: ElfBytes, offset: number, length: number): Uint8Array {
  checkWithin(file, offset, length);
  return file.read(offset, length);
}

/** A number too large to be exact lies outside of any file. */
function checkWithin(file: ElfBytes, offset: number, length: number): void {
  if (offset + length > file.size) throw new MalformedElf("it ends too early");
}

/** Reads numbers of a file, in its byte order. */
class Reader {
  readonly bits: 32 | 64;
  readonly littleEndian: boolean;
  readonly #view: DataView;

  constructor(file: Uint8Array, bits: 32 | 64, littleEndian: boolean) {
    this.bits = bits;
    this.#view = new DataView(file.buffer, file.byteOffset, file.byteLength);
    this.littleEndian = littleEndian;
  }

  byte(offset: number): number {
    this.#check(offset, 1);
    return this.#view.getUint8(offset);
  }

  half(offset: number): number {
    this.#check(offset, 2);
    return this.#view.getUint16(offset, this.littleEndian);
  }

  four(offset: number): number {
    this.#check(offset, 4);
    return this.#view.getUint32(offset, this.littleEndian);
  }

  /** A number as wide as an address. A number too large to be exact lies outside of any file. */
  word(offset: number): number {
    return Number(this.address(offset));
  }

  /** The same, exact. */
  address(offset: number): bigint {
    if (this.bits === 32) return BigInt(this.four(offset));
    this.#check(offset, 8);
    return this.#view.getBigUint64(offset, this.littleEndian);
  }

  #check(offset: number, size: number): void {
    if (offset + size > this.#view.byteLength) throw new MalformedElf("it ends too early");
  }
}
