/** The architectures of virtual devices. */
export const architectures = ["x86_64", "arm64"] as const;
export type Architecture = (typeof architectures)[number];

/** What differs between devices of one architecture and of another. */
export interface ArchitectureFacts {
  /** Debian's name of it, in the names of packages too. */
  readonly debian: string;
  /** The kernel's name of its folder in `arch/` (SRCARCH). */
  readonly kernel: string;
  /** The folder of its libraries in Debian's `/usr/lib`. */
  readonly libraries: string;
  /** The dynamic loader in Debian's packages. */
  readonly loader: string;
  /** What the names of its compiler and binutils begin with (CROSS_COMPILE). */
  readonly toolPrefix: string;
  /** `ro.product.cpu.abi`. */
  readonly abi: string;
  /** The product in `ro.build.fingerprint`. */
  readonly product: string;
  /** The machine that QEMU makes. */
  readonly qemu: {
    readonly command: string;
    readonly machine: readonly string[];
    readonly network: string;
    readonly console: string;
    /** On the kernel's command line: has it start with the random numbers that it is given, instead of waiting for some. */
    readonly random: string;
  };
  /** The drivers of the stock kernel that this machine needs; what they depend on is added. */
  readonly drivers: readonly string[];
}

export const architectureFacts: Readonly<Record<Architecture, ArchitectureFacts>> = {
  x86_64: {
    debian: "amd64",
    kernel: "x86",
    libraries: "x86_64-linux-gnu",
    loader: "usr/lib64/ld-linux-x86-64.so.2",
    toolPrefix: "",
    abi: "x86_64",
    product: "virtual",
    qemu: {
      command: "qemu-system-x86_64",
      machine: ["-machine", "q35", "-cpu", "qemu64"],
      network: "virtio-net-pci,romfile=",
      console: "ttyS0",
      random: "random.trust_cpu=on",
    },
    drivers: ["virtio_pci", "virtio_net"],
  },
  arm64: {
    debian: "arm64",
    kernel: "arm64",
    libraries: "aarch64-linux-gnu",
    loader: "usr/lib/ld-linux-aarch64.so.1",
    toolPrefix: "aarch64-linux-gnu-",
    abi: "arm64-v8a",
    product: "virtual_arm64",
    qemu: {
      command: "qemu-system-aarch64",
      machine: ["-machine", "virt", "-cpu", "cortex-a72"],
      network: "virtio-net-device",
      console: "ttyAMA0",
      random: "random.trust_bootloader=on",
    },
    drivers: ["virtio_mmio", "virtio_net"],
  },
};

/** The host's programs that run or build devices of one architecture. */
export function hostPrograms(architecture: Architecture): string[] {
  const { qemu, toolPrefix } = architectureFacts[architecture];
  return [qemu.command, `${toolPrefix}gcc`];
}

/** Debian's name of the architecture that the lab's host has: what runs while kernel modules are built is of it. */
export const hostArchitecture = architectureFacts.x86_64.debian;
