import type { ConfigMacros } from "../kernel/config.js";
import { isBefore } from "../kernel/release.js";
import type { TreeFacts } from "../kernel/tree-facts.js";

/** What is to be compiled: an eBPF program that reads the kernel's structures, or code that runs in the kernel. */
export type Purpose = "bpf" | "kernel";

/** Some flags, and for which kernels. A condition that is left out holds for all. */
interface Row {
  readonly flags: readonly string[];
  /** The folder in `arch/`. */
  readonly arch?: "x86" | "arm64" | "arm" | "riscv";
  readonly bits?: 32 | 64;
  /** The first version with these flags. */
  readonly since?: readonly [major: number, minor: number];
  /** The first version without them. */
  readonly before?: readonly [major: number, minor: number];
  readonly when?: (config: ConfigMacros, compiler: string | undefined) => boolean;
  readonly purpose?: Purpose;
}

const all =
  (...options: readonly string[]) =>
  (config: ConfigMacros) =>
    options.every((option) => config.has(`CONFIG_${option}`));
const any =
  (...options: readonly string[]) =>
  (config: ConfigMacros) =>
    options.some((option) => config.has(`CONFIG_${option}`));
const none =
  (...options: readonly string[]) =>
  (config: ConfigMacros) =>
    !any(...options)(config);

/**
 * What the kernel's Makefiles pass to the compiler and its headers depend on: macros that are not in `autoconf.h`, the dialect of
 * C, what changes the layout of structures, and the warnings that are off for its headers. Each row names the file that it is
 * from. If it names no version, the files that were read have it: of 4.14, 6.1, 6.12 and mainline (7.1).
 *
 * Left out on purpose:
 * - `RANDSTRUCT` and `RANDSTRUCT_PLUGIN` (scripts/Makefile.randstruct, scripts/Makefile.gcc-plugins): without the seed the
 *   layout is wrong either way; a warning says so.
 * - `LATENT_ENTROPY_PLUGIN`, `STRUCTLEAK_PLUGIN`, `STACKLEAK_PLUGIN`: they only turn on attributes of GCC plugins.
 * - `ARM64_ASM_ARCH` (arch/arm64/Makefile): only a line in front of inline assembly, and its value needs quotes, which
 *   `clang $(kheaders cflags …)` would not survive.
 * - `CONFIG_AS_CFI…` (arch/x86/Makefile before 5.7): only assembly files look at them.
 * - `MODULE`: only the user knows whether the code is a module.
 */
const rows: readonly Row[] = [
  // Makefile: KBUILD_CPPFLAGS.
  { flags: ["-D__KERNEL__"] },
  // include/generated/autoconf.h has it, or CONFIG_CC_IS_GCC; the headers are compiled by clang now.
  { flags: ["-DCONFIG_CC_IS_CLANG"] },
  // scripts/Makefile.lib: strings that messages show. __FILE__ is one that needs no quotes.
  { flags: ["-DKBUILD_MODNAME=__FILE__", "-DKBUILD_BASENAME=__FILE__"] },
  // scripts/Makefile.lib from 5.2 on; MODULE_LICENSE of code that is built in needs it.
  { flags: ["-DKBUILD_MODFILE=__FILE__"], since: [5, 2] },
  // scripts/Makefile.lib from 5.12 on: part of an identifier.
  { flags: ["-D__KBUILD_MODNAME=kmod_kheaders"], since: [5, 12] },

  // Makefile: gnu89 before 5.18, of which the headers only need the meaning of `extern inline`.
  { flags: ["-std=gnu11"] },
  { flags: ["-fgnu89-inline"], before: [5, 18] },
  // Makefile from 6.19 on (c4781dc3d1cf), CONFIG_CC_MS_EXTENSIONS from 7.1 on, and kernels of vendors that took it over,
  // from 6.6 on. Headers of other kernels mean the same with it.
  { flags: ["-fms-extensions", "-Wno-microsoft-anon-tag"] },
  // Makefile: wchar_t of 16 bits.
  { flags: ["-fshort-wchar"] },
  // Makefile from 6.2 on; before, char is as the architecture has it.
  { flags: ["-funsigned-char"], since: [6, 2] },
  { flags: ["-fno-strict-aliasing", "-fno-pie"] },

  // Makefile before 5.0, by scripts/gcc-goto.sh: struct static_key is another without it. clang can do it from version 9 on.
  {
    flags: ["-DCC_HAVE_ASM_GOTO"],
    before: [5, 0],
    when: (_, compiler) => !/clang version [1-8]\./.test(compiler ?? ""),
  },
  // Makefile: CC_FLAGS_USING.
  { flags: ["-DCC_USING_FENTRY"], when: all("FUNCTION_TRACER", "HAVE_FENTRY") },
  { flags: ["-DCC_USING_NOP_MCOUNT"], when: all("FUNCTION_TRACER", "FTRACE_MCOUNT_USE_OBJTOOL") },

  // arch/x86/Makefile.
  { arch: "x86", flags: ["-mno-sse", "-mno-mmx"] },
  { arch: "x86", bits: 64, flags: ["-mno-80387", "-mno-red-zone", "-mcmodel=kernel"] },
  { arch: "x86", bits: 32, flags: ["-msoft-float", "-mregparm=3", "-freg-struct-return"] },
  // arch/x86/Makefile from 5.18 on (CONFIG_X86_KERNEL_IBT). Without it clang warns of each `nocf_check`; eBPF does not change.
  { arch: "x86", flags: ["-fcf-protection=branch"], purpose: "bpf" },
  { arch: "x86", flags: ["-fcf-protection=branch"], purpose: "kernel", when: all("X86_KERNEL_IBT") },
  { arch: "x86", flags: ["-fcf-protection=none"], purpose: "kernel", when: none("X86_KERNEL_IBT") },
  // arch/x86/Makefile before 5.18; then CONFIG_X86_X32_ABI is in autoconf.h.
  { arch: "x86", flags: ["-DCONFIG_X86_X32_ABI"], before: [5, 18], when: all("X86_X32") },
  // arch/x86/Makefile before 4.20; then the headers look at CONFIG_RETPOLINE.
  { arch: "x86", flags: ["-DRETPOLINE"], before: [4, 20], when: all("RETPOLINE"), purpose: "kernel" },
  // arch/x86/Makefile before 5.7; then every assembler has them.
  {
    arch: "x86",
    flags: ["-DCONFIG_AS_FXSAVEQ=1", "-DCONFIG_AS_AVX=1"],
    before: [5, 7],
    purpose: "kernel",
  },

  // arch/arm64/Makefile.
  { arch: "arm64", flags: ["-mgeneral-regs-only"] },
  // arch/arm64/Makefile from 5.0 on; before, asm/memory.h defines it.
  { arch: "arm64", flags: ["-DKASAN_SHADOW_SCALE_SHIFT=4"], when: all("KASAN_SW_TAGS") },
  { arch: "arm64", flags: ["-DKASAN_SHADOW_SCALE_SHIFT=3"], when: all("KASAN_GENERIC") },
  // arch/arm64/Makefile from 5.5 on; the option was renamed, and more of its kind came.
  {
    arch: "arm64",
    flags: ["-DCC_USING_PATCHABLE_FUNCTION_ENTRY"],
    when: any("DYNAMIC_FTRACE_WITH_REGS", "DYNAMIC_FTRACE_WITH_ARGS", "DYNAMIC_FTRACE_WITH_CALL_OPS"),
  },
  // arch/arm64/Makefile from 5.4 on.
  { arch: "arm64", flags: ["-DCONFIG_CC_HAS_K_CONSTRAINT=1"], since: [5, 4] },
  // arch/arm64/Makefile before 5.6; then CONFIG_AS_HAS_LSE_ATOMICS. It makes asm/lse.h hold assembly outside of functions,
  // which llc would refuse for eBPF.
  {
    arch: "arm64",
    flags: ["-DCONFIG_AS_LSE=1"],
    before: [5, 6],
    when: all("ARM64_LSE_ATOMICS"),
    purpose: "kernel",
  },

  // arch/arm/Makefile. Of several processors that a kernel is for, the oldest counts. Without any it is a modern one.
  { arch: "arm", flags: ["-msoft-float"] },
  {
    arch: "arm",
    flags: ["-D__LINUX_ARM_ARCH__=7"],
    when: none("CPU_32v6", "CPU_32v5", "CPU_32v4T", "CPU_32v4", "CPU_32v3"),
  },
  {
    arch: "arm",
    flags: ["-D__LINUX_ARM_ARCH__=6", "-march=armv6k"],
    when: (config) =>
      any("CPU_32v6")(config) && none("CPU_32v5", "CPU_32v4T", "CPU_32v4", "CPU_32v3")(config),
  },
  {
    arch: "arm",
    flags: ["-D__LINUX_ARM_ARCH__=5", "-march=armv5te"],
    when: (config) => any("CPU_32v5")(config) && none("CPU_32v4T", "CPU_32v4", "CPU_32v3")(config),
  },
  {
    arch: "arm",
    flags: ["-D__LINUX_ARM_ARCH__=4", "-march=armv4t"],
    when: (config) => any("CPU_32v4T", "CPU_32v4")(config) && none("CPU_32v3")(config),
  },
  { arch: "arm", flags: ["-D__LINUX_ARM_ARCH__=3", "-march=armv3m"], when: all("CPU_32v3") },

  // arch/riscv/Makefile.
  { arch: "riscv", flags: ["-mabi=lp64"], bits: 64 },
  { arch: "riscv", flags: ["-march=rv64imac"], bits: 64, when: any("RISCV_ISA_C") },
  { arch: "riscv", flags: ["-march=rv64ima"], bits: 64, when: none("RISCV_ISA_C") },
  { arch: "riscv", flags: ["-mcmodel=medlow"], when: any("CMODEL_MEDLOW") },
  { arch: "riscv", flags: ["-mcmodel=medany"], when: none("CMODEL_MEDLOW") },
  // arch/riscv/Makefile from 5.12 on.
  {
    arch: "riscv",
    flags: ["-DCC_USING_PATCHABLE_FUNCTION_ENTRY"],
    since: [5, 12],
    when: all("DYNAMIC_FTRACE"),
  },

  // arch/arm/Makefile, arch/arm64/Makefile.
  { flags: ["-mbig-endian"], when: all("CPU_BIG_ENDIAN") },

  // Warnings that clang gives unasked and the kernel does without: Makefile, scripts/Makefile.extrawarn, from 6.18 on
  // scripts/Makefile.warn. Not those that only -Wall turns on: the user asks for them.
  {
    flags: [
      "-Wno-unknown-warning-option",
      "-Wno-gnu-variable-sized-type-not-at-end",
      "-Wno-address-of-packed-member",
      "-Wno-pointer-sign",
      "-Wno-duplicate-decl-specifier",
      "-Wno-tautological-constant-out-of-range-compare",
      "-Wno-default-const-init-unsafe",
      "-Wno-format-overflow-non-kprintf",
      "-Wno-format-truncation-non-kprintf",
    ],
  },
];

/** The flags of the kernel's Makefiles for a kernel. */
export function makefileFlags(facts: TreeFacts, purpose: Purpose): string[] {
  return rows.filter((row) => isFor(row, facts, purpose)).flatMap(({ flags }) => flags);
}

function isFor(row: Row, { release, architecture, config, compiler }: TreeFacts, purpose: Purpose): boolean {
  const { arch, bits, since, before, when } = row;
  return (
    (arch === undefined || arch === architecture.sourceName) &&
    (bits === undefined || bits === architecture.bits) &&
    (since === undefined || !isBefore(release, ...since)) &&
    (before === undefined || isBefore(release, ...before)) &&
    (when === undefined || when(config, compiler)) &&
    (row.purpose === undefined || row.purpose === purpose)
  );
}
