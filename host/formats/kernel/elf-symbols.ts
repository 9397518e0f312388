import { type ElfSectionHeader, type ElfSections, MalformedElf } from "../../kernel/elf-sections.js";
import { type ByteSource, slice } from "../byte-source.js";
import { placesIn } from "./marks.js";

const symbolTableType = 2;
const symbolSizes = { 32: 16, 64: 24 } as const;
const chunkSymbols = 16 * 1024;
const chunkBytes = 1024 * 1024;
/** Names that end alike may share bytes, so one name may be found in several places. */
const maxPlaces = 64;

/**
 * The archive in an ELF file that has symbols: Linux kernel/kheaders.c puts it between `kernel_headers_data` and
 * `kernel_headers_data_end` (5.2 and later). Undefined without them.
 */
export function archiveBySymbols(source: ByteSource, elf: ElfSections): ByteSource | undefined {
  const start = findSymbol(source, elf, "kernel_headers_data");
  const end = findSymbol(source, elf, "kernel_headers_data_end");
  if (start === undefined || end?.section !== start.section) return undefined;
  const size = end.offset - start.offset;
  const { section } = start;
  if (start.offset < 0 || size <= 0 || start.offset + size > section.size) return undefined;
  return slice(source, section.offset + start.offset, size);
}

/** Where a symbol points. */
interface SymbolPlace {
  readonly section: ElfSectionHeader;
  /** Bytes from the beginning of the section. It may lie outside: check it. */
  readonly offset: number;
}

/**
 * Where a symbol points that is defined in the file; undefined if there is none of that name, as in a stripped file. The
 * table of a vmlinux has some 200,000 entries: it is read in pieces, and only entries of that name are looked at.
 */
function findSymbol(source: ByteSource, elf: ElfSections, name: string): SymbolPlace | undefined {
  const table = elf.sections.find(({ type }) => type === symbolTableType);
  const strings = elf.sections.find((section) => section.name === ".strtab");
  if (table === undefined || strings === undefined) return undefined;
  const names = placesOf(slice(source, strings.offset, strings.size), Buffer.from(`${name}\0`, "latin1"));
  if (names.size === 0) return undefined;
  const size = symbolSizes[elf.bits];
  if (table.size % size !== 0) throw new MalformedElf("its symbol table is damaged");
  for (let offset = 0; offset < table.size; offset += chunkSymbols * size) {
    const bytes = source.read(table.offset + offset, Math.min(chunkSymbols * size, table.size - offset));
    const found = symbolIn(bytes, elf, names);
    if (found !== undefined) return found;
  }
  return undefined;
}

function symbolIn(bytes: Uint8Array, elf: ElfSections, names: ReadonlySet<number>): SymbolPlace | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const { littleEndian } = elf;
  const is64 = elf.bits === 64;
  for (let at = 0; at < bytes.length; at += symbolSizes[elf.bits]) {
    if (!names.has(view.getUint32(at, littleEndian))) continue;
    const section = elf.sections[view.getUint16(at + (is64 ? 6 : 14), littleEndian)];
    // Section 0 stands for a symbol that another file defines.
    if (section === undefined || section === elf.sections[0]) continue;
    const value = is64
      ? view.getBigUint64(at + 8, littleEndian)
      : BigInt(view.getUint32(at + 4, littleEndian));
    return { section, offset: Number(value - section.address) };
  }
  return undefined;
}

/** The offsets at which a NUL-terminated name stands in a table of strings. */
function placesOf(strings: ByteSource, name: Uint8Array): Set<number> {
  const places = new Set<number>();
  for (let start = 0; start < strings.size && places.size < maxPlaces; start += chunkBytes) {
    const bytes = strings.read(start, Math.min(chunkBytes + name.length - 1, strings.size - start));
    for (const at of placesIn(bytes, name)) {
      if (places.size >= maxPlaces) break;
      places.add(start + at);
    }
  }
  return places;
}
