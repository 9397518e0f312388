import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { cached, digestOf } from "./cached.js";
import { progress, run } from "./command.js";
import { kernelPackages, sourceArchive } from "./packages.js";

/** A kernel of arm64 that is configured and built as Android's generic kernel image is. */
export interface GkiKernel {
  /** `uname -r`. */
  readonly release: string;
  readonly image: string;
  /** `kheaders.ko` of it, whose archive has headers alone. */
  readonly kheaders: string;
  /** All symbols that it exports, with their versions. */
  readonly symvers: string;
}

/** The LLVM that builds it: kCFI on arm64 needs 16 or later. */
export const gkiLlvm = 16;

/** Of a release of Android's: `6.1.192-android14-11-lab`. */
const localVersion = "-android14-11-lab";

/** What a device needs that boots from memory and runs adbd, which listens on an IPv6 socket. */
const forDevice = [
  ...["64BIT", "SMP", "PREEMPT", "PRINTK", "TTY", "SERIAL_AMBA_PL011", "SERIAL_AMBA_PL011_CONSOLE"],
  ...["BLK_DEV_INITRD", "RD_GZIP", "BINFMT_ELF", "BINFMT_SCRIPT", "MULTIUSER", "UNIX98_PTYS"],
  ...["PROC_FS", "PROC_SYSCTL", "SYSFS", "DEVTMPFS", "SHMEM", "TMPFS", "IKCONFIG", "IKCONFIG_PROC"],
  ...[
    "NET",
    "INET",
    "IPV6",
    "UNIX",
    "NETDEVICES",
    "NET_CORE",
    "VIRTIO_MENU",
    "VIRTIO_MMIO",
    "VIRTIO_NET",
    "HW_RANDOM",
  ],
  ...["FUTEX", "EPOLL", "EVENTFD", "SIGNALFD", "TIMERFD", "AIO", "FILE_LOCKING", "ADVISE_SYSCALLS"],
  ...["POSIX_TIMERS", "HIGH_RES_TIMERS", "NAMESPACES", "CGROUPS", "KALLSYMS", "BPF_SYSCALL"],
];

/** What matters for modules, as android14-6.1 has it (arch/arm64/configs/gki_defconfig). */
const asGki = [
  ...["MODULES", "MODULE_UNLOAD", "MODVERSIONS", "MODULE_SIG", "KPROBES"],
  ...["FTRACE", "FUNCTION_TRACER", "DYNAMIC_FTRACE", "STACKPROTECTOR", "STACKPROTECTOR_STRONG"],
  ...["CFI_CLANG", "SHADOW_CALL_STACK"],
  ...["ARM64_PTR_AUTH", "ARM64_PTR_AUTH_KERNEL", "ARM64_BTI", "ARM64_BTI_KERNEL"],
];

const configuration = [
  `CONFIG_LOCALVERSION="${localVersion}"`,
  ...[...forDevice, ...asGki].map((name) => `CONFIG_${name}=y`),
  "CONFIG_IKHEADERS=m",
  "",
].join("\n");

/** Builds it of Debian's source: 37 minutes of processor time (2,200 s, measured on a busy machine). */
export async function gkiKernel(): Promise<GkiKernel> {
  const stock = await kernelPackages("arm64");
  const key = digestOf(stock.version, configuration, String(gkiLlvm));
  const folder = await cached(`gki-kernel-${key}`, async (into) => {
    const archive = await sourceArchive(stock);
    progress("building a kernel as Android's generic one (37 minutes of processor time, once)");
    const source = join(into, "source");
    await mkdir(source);
    await run("tar", ["-xJf", archive, "-C", source, "--strip-components=1"]);
    await writeFile(join(into, "config"), configuration);
    const make = (...args: string[]) =>
      run("make", ["-C", source, "ARCH=arm64", `LLVM=-${gkiLlvm}`, ...args]);
    await make(`KCONFIG_ALLCONFIG=${join(into, "config")}`, "allnoconfig");
    await assertConfigured(join(source, ".config"));
    await make(`-j${availableParallelism()}`, "Image", "modules");
    await copyFile(join(source, "arch/arm64/boot/Image"), join(into, "Image"));
    await copyFile(join(source, "kernel/kheaders.ko"), join(into, "kheaders.ko"));
    await copyFile(join(source, "Module.symvers"), join(into, "Module.symvers"));
    await copyFile(join(source, "include/config/kernel.release"), join(into, "release"));
    await rm(source, { recursive: true });
  });
  return {
    release: (await readFile(join(folder, "release"), "utf8")).trim(),
    image: join(folder, "Image"),
    kheaders: join(folder, "kheaders.ko"),
    symvers: join(folder, "Module.symvers"),
  };
}

/** Kconfig drops what depends on something that is missing, without a word. */
async function assertConfigured(config: string): Promise<void> {
  const lines = new Set((await readFile(config, "utf8")).split("\n"));
  const dropped = configuration.split("\n").filter((line) => line !== "" && !lines.has(line));
  if (dropped.length > 0) throw new Error(`the kernel's source does not take ${dropped.join(", ")}`);
}
