import { asBuildId, type BuildId } from "../../../shared/identity.js";
import { type ElfSections, MalformedElf, readElfSections } from "../../kernel/elf-sections.js";
import { type ByteSource, slice } from "../byte-source.js";

const idBytes = 20;
const headerBytes = 16;

/**
 * How a note with a build-id of 20 bytes begins, little-endian: sizes of name and descriptor, type 3, and the name. Linux
 * links with `--build-id=sha1`.
 */
export const buildIdMark = Uint8Array.of(4, 0, 0, 0, idBytes, 0, 0, 0, 3, 0, 0, 0, 0x47, 0x4e, 0x55, 0);

/** How a program within an image begins: as an ELF file. The kernel's vdso is one, and has a build-id of its own. */
export const elfMark = Uint8Array.of(0x7f, 0x45, 0x4c, 0x46);

/**
 * The build-id of an image without sections: the one note that lies in no ELF file within the image. Undefined if there is
 * none, or another one: a wrong build-id would prove what is not so.
 */
export function findBuildId(
  source: ByteSource,
  notes: readonly number[],
  elfFiles: readonly number[],
): BuildId | undefined {
  if (elfFiles.length > maxPrograms) return undefined;
  const programs = elfFiles.flatMap((start) => {
    const size = elfSize(source, start);
    return size === undefined ? [] : [{ start, end: start + size }];
  });
  const ids = new Set<string>();
  for (const place of notes) {
    if (place + headerBytes + idBytes > source.size) continue;
    if (programs.some(({ start, end }) => place >= start && place < end)) continue;
    ids.add(Buffer.from(source.read(place + headerBytes, idBytes)).toString("hex"));
  }
  const [id] = ids;
  return ids.size === 1 && id !== undefined ? asBuildId(id) : undefined;
}

/** An image has its vdso, one or two more for older programs, and the bytes of the magic in its own loader. */
const maxPrograms = 64;
/** More than the vdso of any kernel has; what is larger is not within an image. */
const maxProgram = 1024 * 1024;

/** Bytes of an ELF file that begins there, by its sections. */
function elfSize(source: ByteSource, start: number): number | undefined {
  try {
    const file = slice(source, start, Math.min(maxProgram, source.size - start));
    return endOf(readElfSections(file));
  } catch (error) {
    if (error instanceof MalformedElf) return undefined;
    throw error;
  }
}

function endOf({ sections }: ElfSections): number {
  return Math.max(...sections.map(({ offset, size }) => offset + size));
}
