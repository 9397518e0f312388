/** What building for one architecture of Linux takes. */
export interface Architecture {
  /** The kernel's folder `arch/…` (SRCARCH), which is also what its Makefile takes for ARCH. */
  readonly sourceName: string;
  /** `uname -m`; if there are several names, the most common. */
  readonly machine: string;
  readonly bits: 32 | 64;
  /** clang's `-target` for code of this architecture. */
  readonly clangTarget: string;
  /** The prefix of GNU tools on a workstation of another architecture. */
  readonly crossCompile: string;
  /** The suffix of `__TARGET_ARCH_…`, which libbpf's `bpf_tracing.h` needs. */
  readonly bpfTarget: string;
}

const architectures: readonly Architecture[] = [
  {
    sourceName: "x86",
    machine: "x86_64",
    bits: 64,
    clangTarget: "x86_64-linux-gnu",
    crossCompile: "x86_64-linux-gnu-",
    bpfTarget: "x86",
  },
  {
    sourceName: "x86",
    machine: "i686",
    bits: 32,
    clangTarget: "i686-linux-gnu",
    crossCompile: "i686-linux-gnu-",
    bpfTarget: "x86",
  },
  {
    sourceName: "arm64",
    machine: "aarch64",
    bits: 64,
    clangTarget: "aarch64-linux-gnu",
    crossCompile: "aarch64-linux-gnu-",
    bpfTarget: "arm64",
  },
  {
    sourceName: "arm",
    machine: "armv7l",
    bits: 32,
    clangTarget: "armv7-linux-gnueabihf",
    crossCompile: "arm-linux-gnueabihf-",
    bpfTarget: "arm",
  },
  {
    sourceName: "riscv",
    machine: "riscv64",
    bits: 64,
    clangTarget: "riscv64-linux-gnu",
    crossCompile: "riscv64-linux-gnu-",
    bpfTarget: "riscv",
  },
];

/** The architecture of a tree by its folder in `arch/` and its word size, or undefined if it is unknown. */
export function architectureOf(sourceName: string, bits: 32 | 64): Architecture | undefined {
  return architectures.find((known) => known.sourceName === sourceName && known.bits === bits);
}

/** The architecture of a machine, as `uname -m` names it, or undefined if it is unknown. */
export function architectureOfMachine(machine: string): Architecture | undefined {
  // 32-bit systems call themselves by their processor.
  const name = machine.replace(/^armv.*l$/, "armv7l").replace(/^i[3-6]86$/, "i686");
  return architectures.find((known) => known.machine === name);
}
