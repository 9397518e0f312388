/** Values of `e_machine` (elf(5)). */
export const elfMachines = { i386: 3, arm: 40, x86_64: 62, aarch64: 183, riscv: 243, ppc64: 21 } as const;

/** The beginning of an ELF file for that machine: as much of it as tells this. */
export function elfHeader(
  machine: number,
  options: { bits?: 32 | 64; endianness?: "little" | "big" } = {},
): Buffer {
  const { bits = 64, endianness = "little" } = options;
  const header = Buffer.alloc(64);
  header.write("\x7fELF", "latin1");
  header.set([bits === 64 ? 2 : 1, endianness === "little" ? 1 : 2, 1], 4);
  if (endianness === "little") header.writeUInt16LE(machine, 18);
  else header.writeUInt16BE(machine, 18);
  return header;
}
