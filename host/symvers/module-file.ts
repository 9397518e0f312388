import { type ElfFile, MalformedElf, readElf, sectionOf, symbolsOf, textAt } from "../kernel/elf-sections.js";

/** What a module file (`.ko`) says of itself. */
export interface ModuleFile {
  /** Its name, as in /proc/modules; undefined where the file does not tell (before 4.15). */
  readonly name: string | undefined;
  /** The kernel that it was built for: release and flags (Linux include/linux/vermagic.h); undefined if it does not say. */
  readonly vermagic: string | undefined;
  /** The CRCs of the symbols that it imports, by name; none where its kernel has no MODVERSIONS. */
  readonly versions: ReadonlyMap<string, number>;
  /** The symbols that it exports, each with whether modules under the GPL alone may use it. */
  readonly exports: ReadonlyMap<string, { readonly gplOnly: boolean }>;
  /** The symbols that it needs from the kernel or other modules. */
  readonly imports: readonly string[];
}

/** Bytes of a `struct modversion_info` (Linux include/linux/module.h): an unsigned long and a name fill it. */
const versionSize = 64;
const exportPrefix = "__ksymtab_";
/** No module imports or exports nearly as many symbols; a whole kernel has some 40,000. */
const mostSymbols = 65_536;
const longestModinfo = 256 * 1024;

/**
 * Reads a module file. Symbol versions are in `__versions`, and from 6.14 on, where the kernel has
 * CONFIG_EXTENDED_MODVERSIONS, also or only in `__version_ext_crcs` and `__version_ext_names` (Linux kernel/module/version.c,
 * scripts/mod/modpost.c). What it exports has a symbol `__ksymtab_…` in `__ksymtab` or `__ksymtab_gpl`
 * (include/linux/export.h).
 *
 * @throws MalformedElf where it is damaged, or says two things of one symbol.
 */
export function readModuleFile(file: Uint8Array): ModuleFile {
  const elf = readElf(file);
  const versions = new Map<string, number>();
  for (const [name, crc] of [...basicVersions(elf), ...extendedVersions(elf)]) {
    if ((versions.get(name) ?? crc) !== crc) throw new MalformedElf(`it has two versions of ${name}`);
    versions.set(name, crc);
    if (versions.size > mostSymbols) throw tooMany();
  }
  const exports = new Map<string, { gplOnly: boolean }>();
  const imports: string[] = [];
  for (const { name, isUndefined, isWeak, section } of symbolsOf(elf)) {
    if (imports.length > mostSymbols || exports.size > mostSymbols) throw tooMany();
    if (isUndefined && !isWeak) imports.push(symbolName(name));
    if (section === undefined || !name.startsWith(exportPrefix)) continue;
    exports.set(symbolName(name.slice(exportPrefix.length)), {
      gplOnly: section.name.startsWith("__ksymtab_gpl"),
    });
  }
  return { name: modinfo(elf, "name"), vermagic: modinfo(elf, "vermagic"), versions, exports, imports };
}

function* basicVersions(elf: ElfFile): Generator<[string, number]> {
  const table = sectionOf(elf, "__versions") ?? new Uint8Array();
  if (table.length % versionSize !== 0) throw new MalformedElf("its table of symbol versions is damaged");
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  const nameAt = elf.bits / 8;
  // A CRC has 32 bits; an unsigned long of 64 has it in its last four bytes where the first is the highest.
  const crcAt = elf.littleEndian ? 0 : nameAt - 4;
  for (let offset = 0; offset < table.length; offset += versionSize) {
    const name = textAt(table.subarray(offset + nameAt, offset + versionSize), 0);
    yield [symbolName(name), view.getUint32(offset + crcAt, elf.littleEndian)];
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
    yield [symbolName(name), view.getUint32(offset, elf.littleEndian)];
  }
}

/** The value of a key in `.modinfo`: NUL-terminated `key=value` texts, padded with NULs. */
function modinfo(elf: ElfFile, key: string): string | undefined {
  const section = sectionOf(elf, ".modinfo")?.subarray(0, longestModinfo) ?? new Uint8Array();
  const texts = Buffer.from(section).toString("latin1").split("\0");
  return texts.find((text) => text.startsWith(`${key}=`))?.slice(key.length + 1);
}

function tooMany(): MalformedElf {
  return new MalformedElf("it has more symbols than any module");
}

/** A symbol's name goes into a text file whose lines and columns it must not break. @throws MalformedElf. */
function symbolName(name: string): string {
  if (!/^[!-~]+$/.test(name)) throw new MalformedElf("a symbol in it has no proper name");
  return name;
}
