import type { BuildId } from "../../../shared/identity.js";
import { machineOf, parseElfHeader } from "../../kernel/elf.js";
import { type ElfSections, MalformedElf, readElfSections } from "../../kernel/elf-sections.js";
import { readNotes } from "../../kernel/notes.js";
import { type ByteSource, maxReadBytes, slice } from "../byte-source.js";
import type { KernelFileContents } from "../contents.js";
import { archiveBySymbols } from "./elf-symbols.js";
import { readImage } from "./image.js";
import { isArchive, isXzHeader, xzDataAt } from "./xz-streams.js";

/** `e_type` of an object file, which a kernel module is. */
const objectFile = 1;
const maxModinfo = 64 * 1024;
const moduleName = "kheaders";

/** Whether it is an ELF file, by its first bytes. */
export function isElf(source: ByteSource): boolean {
  return parseElfHeader(source.read(0, Math.min(64, source.size))) !== undefined;
}

/**
 * Reads a kernel as an ELF file (`vmlinux`) or a `kheaders.ko`. Undefined for a program or another module. What is looked
 * for by its bytes is looked for in what the kernel has in memory: debug information is several times as large, and not read.
 *
 * Throws {@link MalformedElf}, or as reading does.
 */
export async function readElfKernel(
  source: ByteSource,
  signal: AbortSignal | undefined,
): Promise<KernelFileContents | undefined> {
  const elf = readElfSections(source);
  return elf.fileType === objectFile ? readModule(source, elf, signal) : readVmlinux(source, elf, signal);
}

async function readModule(
  source: ByteSource,
  elf: ElfSections,
  signal: AbortSignal | undefined,
): Promise<KernelFileContents | undefined> {
  const { name, release } = moduleInfo(source, elf);
  if (name !== undefined && name !== moduleName) return undefined;
  const archive = await moduleArchive(source, elf, signal);
  // Before 4.15 modules do not say their name.
  if (name === undefined && archive === undefined) return undefined;
  return { formats: ["kheaders.ko"], archive, release, machine: machineOfFile(source) };
}

/**
 * The archive of a module: between its symbols; without them, at the start of the read-only data, which holds nothing else
 * in mainline's module (Linux kernel/kheaders.c); or anywhere in it, as with the markers of the original patches.
 */
async function moduleArchive(
  source: ByteSource,
  elf: ElfSections,
  signal: AbortSignal | undefined,
): Promise<ByteSource | undefined> {
  const bySymbols = archiveBySymbols(source, elf);
  if (bySymbols !== undefined && (await isArchiveAtStart(bySymbols, signal))) return bySymbols;
  const section = elf.sections.find(({ name }) => name === ".rodata");
  if (section === undefined) return undefined;
  const data = slice(source, section.offset, section.size);
  const atStart = xzDataAt(data, 0);
  if (atStart !== undefined && (await isArchive(atStart, signal))) return atStart;
  return (await readImage(data, signal)).archive;
}

async function readVmlinux(
  source: ByteSource,
  elf: ElfSections,
  signal: AbortSignal | undefined,
): Promise<KernelFileContents | undefined> {
  const found = await readImage(loadedPart(source, elf), signal);
  if (found.banner === undefined) return undefined;
  const bySymbols = archiveBySymbols(source, elf);
  const isKnown = bySymbols !== undefined && (await isArchiveAtStart(bySymbols, signal));
  const btf = elf.sections.find(({ name }) => name === ".BTF");
  return {
    formats: ["vmlinux"],
    archive: isKnown ? bySymbols : found.archive,
    config: found.config,
    buildId: buildIdOf(source, elf),
    banner: found.banner.text,
    release: found.banner.release,
    version: found.banner.version,
    btf: btf === undefined ? undefined : slice(source, btf.offset, btf.size),
    machine: machineOfFile(source),
  };
}

async function isArchiveAtStart(data: ByteSource, signal: AbortSignal | undefined): Promise<boolean> {
  return isXzHeader(data, 0) && (await isArchive(data, signal));
}

/** From the first to the last byte of the file that the kernel has in memory. */
function loadedPart(source: ByteSource, elf: ElfSections): ByteSource {
  const loaded = elf.sections.filter(({ isLoaded, size }) => isLoaded && size > 0);
  const start = Math.min(...loaded.map(({ offset }) => offset));
  const end = Math.max(...loaded.map(({ offset, size }) => offset + size));
  return loaded.length === 0 ? slice(source, 0, 0) : slice(source, start, end - start);
}

/** The notes of a kernel are in `.notes`, those of some architectures in `.note.gnu.build-id` (include/asm-generic/vmlinux.lds.h). */
function buildIdOf(source: ByteSource, elf: ElfSections): BuildId | undefined {
  for (const { name, offset, size } of elf.sections) {
    if (name !== ".notes" && name !== ".note.gnu.build-id") continue;
    if (size > maxReadBytes) throw new MalformedElf("its notes are too long");
    const { buildId } = readNotes(source.read(offset, size), elf.littleEndian);
    if (buildId !== undefined) return buildId;
  }
  return undefined;
}

function machineOfFile(source: ByteSource): string | undefined {
  const header = parseElfHeader(source.read(0, Math.min(64, source.size)));
  return header === undefined ? undefined : machineOf(header);
}

/** What `.modinfo` says of a kernel module (Linux include/linux/module.h, MODULE_INFO; scripts/mod/modpost.c). */
interface ModuleInfo {
  /** As in /proc/modules; undefined before 4.15, which does not write it. */
  readonly name: string | undefined;
  /** The release of the kernel that it was built for. */
  readonly release: string | undefined;
}

/** Reads `.modinfo`: texts `key=value`, each ended by a NUL. The release is the first word of `vermagic`. */
function moduleInfo(source: ByteSource, elf: ElfSections): ModuleInfo {
  const section = elf.sections.find(({ name }) => name === ".modinfo");
  const bytes =
    section === undefined
      ? new Uint8Array()
      : source.read(section.offset, Math.min(section.size, maxModinfo));
  const texts = Buffer.from(bytes).toString("latin1").split("\0");
  const value = (key: string) => texts.find((text) => text.startsWith(`${key}=`))?.slice(key.length + 1);
  return { name: value("name"), release: value("vermagic")?.split(" ")[0] };
}
