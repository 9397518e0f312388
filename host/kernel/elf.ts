/** What the header of an ELF file says of the machine that it is for. */
export interface ElfHeader {
  readonly bits: 32 | 64;
  readonly endianness: "little" | "big";
  /** `e_machine`. */
  readonly machine: number;
}

/** How many bytes of a file {@link parseElfHeader} needs. */
export const elfHeaderBytes = 20;

const magic = Buffer.from("\x7fELF", "latin1");
const classes: Readonly<Record<number, 32 | 64>> = { 1: 32, 2: 64 };
const encodings: Readonly<Record<number, "little" | "big">> = { 1: "little", 2: "big" };

/**
 * Reads the beginning of an ELF file: `e_ident` (class and data encoding) and `e_machine`, which lie at the same place for
 * 32 and 64 bits (System V ABI, chapter 4; elf(5)). Undefined if it is not an ELF file.
 */
export function parseElfHeader(file: Uint8Array): ElfHeader | undefined {
  if (file.length < elfHeaderBytes || magic.compare(file, 0, magic.length) !== 0) return undefined;
  const bits = classes[file[4] ?? 0];
  const endianness = encodings[file[5] ?? 0];
  if (bits === undefined || endianness === undefined) return undefined;
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  return { bits, endianness, machine: view.getUint16(18, endianness === "little") };
}

/** Names of `e_machine` (elf(5), Linux include/uapi/linux/elf-em.h), as `uname -m` has them. */
const machineNames: Readonly<Record<number, string>> = {
  3: "i686",
  8: "mips",
  20: "ppc",
  21: "ppc64",
  22: "s390x",
  40: "arm",
  62: "x86_64",
  183: "aarch64",
  243: "riscv",
  258: "loongarch64",
};

/** The machine of an ELF file, as `uname -m` calls it there, but `arm` for all of these: `riscv64`, `ppc64le`. */
export function machineOf({ machine, bits, endianness }: ElfHeader): string {
  const name = machineNames[machine] ?? `machine ${machine}`;
  if (name === "riscv") return `riscv${bits}`;
  return name === "ppc64" && endianness === "little" ? "ppc64le" : name;
}
