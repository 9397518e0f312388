import { gunzipSync } from "node:zlib";
import { machineOf, parseElfHeader } from "../kernel/elf.js";
import { type ElfFile, MalformedElf, readElf, sectionOf, symbolsOf, textAt } from "../kernel/elf-sections.js";

/** What a module file (`.ko`) says of itself. */
export interface ModuleFile {
  /** Its name, as in /proc/modules; undefined if the file does not say it (before 4.15). */
  readonly name: string | undefined;
  /** The kernel that it was built for: release and flags (Linux include/linux/vermagic.h); undefined if it does not say. */
  readonly vermagic: string | undefined;
  /** The CRCs of the symbols that it imports, by name; empty if its kernel has no MODVERSIONS. */
  readonly versions: ReadonlyMap<string, number>;
  /** Whether it has a table of versions, which may be empty. */
  readonly hasVersionTable: boolean;
  /** The symbols that it exports, and whether only GPL modules may use each. */
  readonly exports: ReadonlyMap<string, { readonly gplOnly: boolean }>;
  /** The symbols that it needs from the kernel or other modules. */
  readonly imports: readonly string[];
  /** The machine that it is for, as {@link machineOf} names it. */
  readonly machine: string;
  /** `MODULE_LICENSE`; undefined if it does not say. */
  readonly license: string | undefined;
  /** The symbol namespaces that it imports (`MODULE_IMPORT_NS`). */
  readonly namespaces: readonly string[];
  /** Whether a signature is appended to it. */
  readonly isSigned: boolean;
}

/** The largest module that is read, in bytes, packed or unpacked. It is held in memory. The largest graphics drivers have 60 MB. */
export const maxModule = 96 * 1024 * 1024;
/** Bytes of a `struct modversion_info` (Linux include/linux/module.h): an unsigned long and a name fill it. */
const versionSize = 64;
const versionTables = ["__versions", "__version_ext_crcs"];
const exportPrefix = "__ksymtab_";
/** More symbols than any module imports or exports; a whole kernel has some 40,000. */
const maxSymbols = 65_536;
/** The most bytes that their names have together. */
const maxNameBytes = 4 * 1024 * 1024;
/** The most entries of a symbol table, local symbols included. */
const maxTableEntries = 300_000;
const maxModinfo = 256 * 1024;
/** What follows an appended signature (Linux include/linux/module_signature.h, MODULE_SIG_STRING). */
const signatureEnd = Buffer.from("~Module signature appended~\n", "latin1");

/**
 * Reads a module file. Symbol versions are in `__versions`, and from 6.14 on, if the kernel has
 * CONFIG_EXTENDED_MODVERSIONS, also or only in `__version_ext_crcs` and `__version_ext_names` (Linux kernel/module/version.c,
 * scripts/mod/modpost.c). An exported symbol has a symbol `__ksymtab_…` in `__ksymtab` or `__ksymtab_gpl`
 * (include/linux/export.h).
 *
 * The cost is bounded, whatever the file says. Throws {@link MalformedElf} if it is damaged, has two versions of one
 * symbol, or has more symbols than any module.
 */
export function readModuleFile(file: Uint8Array): ModuleFile {
  const elf = readElf(file);
  const names = new SymbolNames();
  const versions = new Map<string, number>();
  for (const table of [basicVersions(elf), extendedVersions(elf)]) {
    let count = 0;
    for (const [name, crc] of table) {
      count += 1;
      if (count > maxSymbols) throw tooMany();
      if ((versions.get(name) ?? crc) !== crc) throw new MalformedElf(`it has two versions of ${name}`);
      versions.set(names.checked(name), crc);
    }
  }
  const exports = new Map<string, { gplOnly: boolean }>();
  const imports: string[] = [];
  let entries = 0;
  for (const { name, isUndefined, isWeak, section } of symbolsOf(elf)) {
    entries += 1;
    if (entries > maxTableEntries || imports.length > maxSymbols || exports.size > maxSymbols)
      throw tooMany();
    if (isUndefined && !isWeak) imports.push(names.checked(name));
    if (section === undefined || !name.startsWith(exportPrefix)) continue;
    exports.set(names.checked(name.slice(exportPrefix.length)), {
      gplOnly: section.name.startsWith("__ksymtab_gpl"),
    });
  }
  const modinfo = modinfoOf(elf);
  const header = parseElfHeader(file);
  return {
    name: modinfo.get("name")?.[0],
    vermagic: modinfo.get("vermagic")?.[0],
    versions,
    hasVersionTable: versionTables.some((name) => sectionOf(elf, name) !== undefined),
    exports,
    imports,
    machine: header === undefined ? "" : machineOf(header),
    license: modinfo.get("license")?.[0],
    namespaces: modinfo.get("import_ns") ?? [],
    isSigned: signatureEnd.equals(file.subarray(-signatureEnd.length)),
  };
}

/**
 * Reads a module file that may be packed with gzip, as its name says (`.ko.gz`).
 *
 * Throws as {@link readModuleFile}, and if it cannot be unpacked.
 */
export function readPackedModule(name: string, content: Uint8Array): ModuleFile {
  return readModuleFile(name.endsWith(".gz") ? unpack(content) : content);
}

function unpack(content: Uint8Array): Buffer {
  // The last four bytes are the unpacked size (RFC 1952). With it, zlib unpacks into one piece of memory, not several.
  const size = content.length < 4 ? 0 : Buffer.from(content.subarray(-4)).readUInt32LE();
  if (size === 0 || size > maxModule) throw cannotUnpack();
  try {
    return gunzipSync(content, { maxOutputLength: size, chunkSize: Math.max(size + 1, 64) });
  } catch {
    throw cannotUnpack();
  }
}

function cannotUnpack(): MalformedElf {
  return new MalformedElf("it cannot be unpacked");
}

function* basicVersions(elf: ElfFile): Generator<[string, number]> {
  const table = sectionOf(elf, "__versions") ?? new Uint8Array();
  if (table.length % versionSize !== 0) throw new MalformedElf("its table of symbol versions is damaged");
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  const nameAt = elf.bits / 8;
  // A CRC has 32 bits; a big-endian unsigned long of 64 bits has it in its last four bytes.
  const crcAt = elf.littleEndian ? 0 : nameAt - 4;
  for (let offset = 0; offset < table.length; offset += versionSize) {
    const name = textAt(table.subarray(offset + nameAt, offset + versionSize), 0);
    yield [name, view.getUint32(offset + crcAt, elf.littleEndian)];
  }
}

function* extendedVersions(elf: ElfFile): Generator<[string, number]> {
  const crcs = sectionOf(elf, "__version_ext_crcs") ?? new Uint8Array();
  const names = sectionOf(elf, "__version_ext_names") ?? new Uint8Array();
  if (crcs.length % 4 !== 0) throw new MalformedElf("its table of symbol versions is damaged");
  const view = new DataView(crcs.buffer, crcs.byteOffset, crcs.byteLength);
  let nameAt = 0;
  for (let offset = 0; offset < crcs.length; offset += 4) {
    const name = textAt(names, nameAt);
    nameAt += name.length + 1;
    yield [name, view.getUint32(offset, elf.littleEndian)];
  }
}

/** What `.modinfo` says: NUL-terminated `key=value` texts, padded with NULs. A key may come several times. */
function modinfoOf(elf: ElfFile): ReadonlyMap<string, string[]> {
  const section = sectionOf(elf, ".modinfo")?.subarray(0, maxModinfo) ?? new Uint8Array();
  const values = new Map<string, string[]>();
  for (const text of Buffer.from(section).toString("latin1").split("\0")) {
    const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
    if (key === undefined || value === undefined) continue;
    const others = values.get(key);
    if (others === undefined) values.set(key, [value]);
    else others.push(value);
  }
  return values;
}

/** Checks the symbol names of a module, which go into a text file whose lines and columns they must not break. */
class SymbolNames {
  #bytes = 0;

  checked(name: string): string {
    if (!/^[!-~]+$/.test(name)) throw new MalformedElf("a symbol in it has an invalid name");
    this.#bytes += name.length;
    if (this.#bytes > maxNameBytes) throw tooMany();
    return name;
  }
}

function tooMany(): MalformedElf {
  return new MalformedElf("it has more symbols than any module");
}
