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
 * What the kernel's Makefiles pass to the compiler and its headers depend on: macros that are not in
 * `autoconf.h`, the dialect of C, what changes the layout of structures, and the warnings that are off for its
 * headers. Each row names the file that it is from.
 *
 * The limits were checked against 4.14.206 and 4.14.289 (Android: x86, arm64), 4.19, 5.4.268 and 5.15 (Android: arm64),
 * and 5.10.223, 6.1.192, 6.12.117 and 7.2.13 (Debian). The versions that a row names are those that were read. The
 * limit lies between them, and is not confirmed more closely unless the row names a commit.
 *
 * Left out on purpose:
 * - `RANDSTRUCT` and `RANDSTRUCT_PLUGIN` (scripts/Makefile.randstruct, scripts/Makefile.gcc-plugins): without the seed the
 *   layout is wrong either way; a warning says so.
 * - `LATENT_ENTROPY_PLUGIN`, `STRUCTLEAK_PLUGIN`, `STACKLEAK_PLUGIN`: they only turn on attributes of GCC plugins.
 * - `ARM64_ASM_ARCH` (arch/arm64/Makefile): only a line in front of inline assembly, and its value needs quotes, which
 *   `clang $(kheaders cflags …)` would not survive.
 * - `CONFIG_AS_CFI…` (arch/x86/Makefile of 4.14): only assembly files look at them.
 * - `CONFIG_VDSO32` (arch/arm64/Makefile of Android's 4.14): whether a build had the compiler for arm that it takes
 *   cannot be told from the headers.
 * - `MODULE`: only the user knows whether the code is a module.
 */
const rows: readonly Row[] = [
  // Makefile: KBUILD_CPPFLAGS.
  { flags: ["-D__KERNEL__"] },
  // include/generated/autoconf.h has it, or CONFIG_CC_IS_GCC; the headers are compiled by clang now.
  { flags: ["-DCONFIG_CC_IS_CLANG"] },
  // scripts/Makefile.lib: strings that messages show. __FILE__ is one that needs no quotes.
  { flags: ["-DKBUILD_MODNAME=__FILE__", "-DKBUILD_BASENAME=__FILE__"] },
  // scripts/Makefile.lib: MODULE_LICENSE of code that is built in needs the first; the second is part of an identifier.
  // 4.14 and 5.4 have neither. 5.10 has the first, and Android's 5.10 (Pixel 6) both, as have 6.1 and later.
  // Headers that do not use them do not change.
  { flags: ["-DKBUILD_MODFILE=__FILE__", "-D__KBUILD_MODNAME=kmod_kheaders"], since: [5, 5] },

  // Makefile: gnu89 in 5.4 and 5.10, gnu11 in commit e8c07082a810 and in 6.1. The headers only need gnu89's meaning of
  // `extern inline`.
  { flags: ["-std=gnu11"] },
  { flags: ["-fgnu89-inline"], before: [5, 18] },
  // Makefile of 7.2, as CONFIG_CC_MS_EXTENSIONS (-fms-anonymous-structs if the compiler has it); not in 6.12. Other kernels
  // may have taken it over, and headers that do not use it mean the same with it, so it is for all.
  { flags: ["-fms-extensions", "-Wno-microsoft-anon-tag"] },
  // Makefile: wchar_t of 16 bits.
  { flags: ["-fshort-wchar"] },
  // Makefile: in commit 3bc753c06dd0 and 6.12, not in 6.1, where char is as the architecture has it.
  { flags: ["-funsigned-char"], since: [6, 2] },
  { flags: ["-fno-strict-aliasing", "-fno-pie"] },

  // Makefile, by scripts/gcc-goto.sh, until commit e9666d10a567, which followed 4.20. Without it struct static_key is
  // another. clang can do it from version 9 on.
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
  // arch/x86/Makefile: none in 4.14 and 5.10, branch with CONFIG_X86_KERNEL_IBT in 6.1 and later. Without branch clang warns
  // of each `nocf_check`; eBPF does not change.
  { arch: "x86", flags: ["-fcf-protection=branch"], purpose: "bpf" },
  { arch: "x86", flags: ["-fcf-protection=branch"], purpose: "kernel", when: all("X86_KERNEL_IBT") },
  { arch: "x86", flags: ["-fcf-protection=none"], purpose: "kernel", when: none("X86_KERNEL_IBT") },
  // arch/x86/Makefile of 4.14 and 5.10; in 6.1 the option itself is CONFIG_X86_X32_ABI.
  { arch: "x86", flags: ["-DCONFIG_X86_X32_ABI"], before: [5, 18], when: all("X86_X32") },
  // arch/x86/Makefile of old kernels. It was removed in stable kernels too (an Android 4.14 does without), whose headers
  // look at CONFIG_RETPOLINE; for them it changes nothing. 5.10 does not have it.
  { arch: "x86", flags: ["-DRETPOLINE"], before: [4, 20], when: all("RETPOLINE"), purpose: "kernel" },
  // arch/x86/Makefile of 4.14; not in 5.10, for which every assembler has them.
  {
    arch: "x86",
    flags: ["-DCONFIG_AS_FXSAVEQ=1", "-DCONFIG_AS_AVX=1"],
    before: [5, 7],
    purpose: "kernel",
  },

  // arch/arm64/Makefile.
  { arch: "arm64", flags: ["-mgeneral-regs-only"] },
  // arch/arm64/Makefile of Android's 4.14 and 4.19 (3 in all other cases), of 5.4 and later (3 with KASAN_GENERIC).
  { arch: "arm64", flags: ["-DKASAN_SHADOW_SCALE_SHIFT=4"], when: all("KASAN_SW_TAGS") },
  {
    arch: "arm64",
    flags: ["-DKASAN_SHADOW_SCALE_SHIFT=3"],
    when: (config) => any("KASAN", "KASAN_GENERIC")(config) && none("KASAN_SW_TAGS", "KASAN_HW_TAGS")(config),
  },
  // arch/arm64/Makefile of Android's 4.14; not in 4.19, where Kconfig sets the option.
  { arch: "arm64", flags: ["-DCONFIG_ARCH_SUPPORTS_INT128"], before: [4, 19], purpose: "kernel" },
  // arch/arm64/Makefile: with …_REGS in 5.10, 5.15 and 6.1, with the other two in 6.12 and 7.2; not in 5.4.
  {
    arch: "arm64",
    flags: ["-DCC_USING_PATCHABLE_FUNCTION_ENTRY"],
    when: any("DYNAMIC_FTRACE_WITH_REGS", "DYNAMIC_FTRACE_WITH_ARGS", "DYNAMIC_FTRACE_WITH_CALL_OPS"),
  },
  // arch/arm64/Makefile of 5.4 and later; not in 4.14 and 4.19.
  { arch: "arm64", flags: ["-DCONFIG_CC_HAS_K_CONSTRAINT=1"], since: [5, 4] },
  // arch/arm64/Makefile of 4.14, 4.19 and 5.4; in 5.10 Kconfig has AS_HAS_LSE_ATOMICS instead. It makes asm/lse.h hold assembly
  // outside of functions, which llc would refuse for eBPF.
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
  // arch/riscv/Makefile: in commit afc76b8b8011 and 6.1, not in 5.10.
  {
    arch: "riscv",
    flags: ["-DCC_USING_PATCHABLE_FUNCTION_ENTRY"],
    since: [5, 12],
    when: all("DYNAMIC_FTRACE"),
  },

  // arch/arm/Makefile, arch/arm64/Makefile.
  { flags: ["-mbig-endian"], when: all("CPU_BIG_ENDIAN") },

  // Warnings that clang gives unasked and the kernel does without: Makefile, scripts/Makefile.extrawarn, in 7.2
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
