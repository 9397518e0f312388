import { parseElfHeader } from "../elf.js";
import { MalformedElf, readElf, sectionOf } from "../elf-sections.js";
import { Btf } from "./btf.js";
import { MalformedBtf } from "./malformed.js";

/**
 * Opens BTF: raw, as in `/sys/kernel/btf/`, or in the section `.BTF` of an ELF file, such as `vmlinux` or a module. A module
 * of Linux 6.11 and later may bring what it needs of the kernel's in `.BTF.base`.
 *
 * @param base For a module's: the kernel's. Throws {@link MalformedBtf}.
 */
export function readBtf(file: Uint8Array, base?: Btf): Btf {
  if (parseElfHeader(file) === undefined) return new Btf(file, base);
  const elf = elfOf(file);
  const content = sectionOf(elf, ".BTF");
  if (content === undefined) throw new MalformedBtf("it has no section .BTF");
  const distilled = sectionOf(elf, ".BTF.base");
  return new Btf(content, distilled === undefined ? base : new Btf(distilled));
}

function elfOf(file: Uint8Array): ReturnType<typeof readElf> {
  try {
    return readElf(file);
  } catch (error) {
    if (error instanceof MalformedElf) throw new MalformedBtf(error.message);
    throw error;
  }
}
