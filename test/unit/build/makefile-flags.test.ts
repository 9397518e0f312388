import { describe, expect, it } from "vitest";
import { makefileFlags, type Purpose } from "../../../host/build/makefile-flags.js";
import { architectureOf } from "../../../host/kernel/architecture.js";

interface Kernel {
  readonly arch?: "x86" | "arm64" | "arm" | "riscv";
  readonly bits?: 32 | 64;
  /** Options that are set, without their `CONFIG_`. */
  readonly options?: readonly string[];
  readonly compiler?: string;
  readonly purpose?: Purpose;
}

function flagsOf(release: string, kernel: Kernel = {}): string[] {
  const {
    arch = "arm64",
    bits = arch === "arm" ? 32 : 64,
    options = [],
    compiler,
    purpose = "kernel",
  } = kernel;
  const architecture = architectureOf(arch, bits);
  if (architecture === undefined) throw new Error(`no ${arch} of ${bits} bits`);
  const config = new Map(options.map((option) => [`CONFIG_${option}`, "1"]));
  const facts = { tree: "/t", release, architecture, endianness: "little", flavour: "headers" } as const;
  return makefileFlags({ ...facts, compiler, config, includedFirst: [] }, purpose);
}

/** A flag, the last release without it or none, and the first with it. */
const from: [flag: string, without: string | undefined, first: string, kernel: Kernel | undefined][] = [
  ["-fms-extensions", undefined, "4.14.0", undefined],
  ["-fshort-wchar", undefined, "4.14.0", undefined],
  ["-funsigned-char", "6.1.99", "6.2.0", undefined],
  ["-DKBUILD_MODFILE=__FILE__", "5.4.268", "5.10.223", undefined],
  ["-D__KBUILD_MODNAME=kmod_kheaders", "5.4.268", "5.10.223", undefined],
  ["-DCONFIG_CC_HAS_K_CONSTRAINT=1", "5.3.18", "5.4.0", undefined],
  ["-DCC_USING_PATCHABLE_FUNCTION_ENTRY", "5.10.0", "5.15.0", { arch: "riscv", options: ["DYNAMIC_FTRACE"] }],
];

describe.each(from)("%s", (flag, without, first, kernel) => {
  it(`comes with ${first}`, () => {
    if (without !== undefined) expect(flagsOf(without, kernel)).not.toContain(flag);
    for (const release of [first, "7.1.0", "mainline"]) expect(flagsOf(release, kernel)).toContain(flag);
  });
});

/** A flag, the last release with it, and the first without. */
const until: [flag: string, last: string, without: string, kernel: Kernel | undefined][] = [
  ["-fgnu89-inline", "5.17.1", "5.18.0", undefined],
  ["-DCC_HAVE_ASM_GOTO", "4.19.113", "5.0.0", undefined],
  ["-DCONFIG_AS_LSE=1", "5.4.61", "5.6.0", { options: ["ARM64_LSE_ATOMICS"] }],
  ["-DCONFIG_ARCH_SUPPORTS_INT128", "4.14.289", "4.19.0", {}],
  ["-DCONFIG_AS_AVX=1", "5.4.61", "5.7.0", { arch: "x86" }],
  ["-DCONFIG_X86_X32_ABI", "5.15.1", "5.18.0", { arch: "x86", options: ["X86_X32"] }],
  ["-DRETPOLINE", "4.19.1", "4.20.0", { arch: "x86", options: ["RETPOLINE"] }],
];

describe.each(until)("%s", (flag, last, without, kernel) => {
  it(`goes with ${without}`, () => {
    for (const release of ["4.14.0", last]) expect(flagsOf(release, kernel)).toContain(flag);
    for (const release of [without, "mainline"]) expect(flagsOf(release, kernel)).not.toContain(flag);
    expect(flagsOf(last, { arch: "riscv" }).includes(flag)).toBe(kernel === undefined);
  });
});

/** A flag, an option that asks for it, and where. */
const configured: [flag: string, options: string[], kernel: Kernel | undefined][] = [
  ["-DKASAN_SHADOW_SCALE_SHIFT=4", ["KASAN_SW_TAGS"], undefined],
  ["-DKASAN_SHADOW_SCALE_SHIFT=3", ["KASAN_GENERIC"], undefined],
  ["-DKASAN_SHADOW_SCALE_SHIFT=3", ["KASAN"], undefined],
  ["-DCC_USING_PATCHABLE_FUNCTION_ENTRY", ["DYNAMIC_FTRACE_WITH_REGS"], undefined],
  ["-DCC_USING_PATCHABLE_FUNCTION_ENTRY", ["DYNAMIC_FTRACE_WITH_ARGS"], undefined],
  ["-DCC_USING_FENTRY", ["FUNCTION_TRACER", "HAVE_FENTRY"], { arch: "x86" }],
  ["-DCC_USING_NOP_MCOUNT", ["FUNCTION_TRACER", "FTRACE_MCOUNT_USE_OBJTOOL"], { arch: "x86" }],
  ["-fcf-protection=branch", ["X86_KERNEL_IBT"], { arch: "x86" }],
  ["-mbig-endian", ["CPU_BIG_ENDIAN"], undefined],
  ["-march=rv64imac", ["RISCV_ISA_C"], { arch: "riscv" }],
  ["-mcmodel=medlow", ["CMODEL_MEDLOW"], { arch: "riscv" }],
  ["-D__LINUX_ARM_ARCH__=6", ["CPU_32v7", "CPU_32v6"], { arch: "arm" }],
  ["-D__LINUX_ARM_ARCH__=5", ["CPU_32v5"], { arch: "arm" }],
  ["-D__LINUX_ARM_ARCH__=4", ["CPU_32v5", "CPU_32v4T"], { arch: "arm" }],
  ["-D__LINUX_ARM_ARCH__=3", ["CPU_32v3"], { arch: "arm" }],
];

it.each(configured)("%s follows %j", (flag, options, kernel) => {
  expect(flagsOf("6.6.1", { ...kernel, options })).toContain(flag);
  expect(flagsOf("6.6.1", kernel)).not.toContain(flag);
});

it("a 32-bit ARM kernel has one version of ARM", () => {
  for (const options of [
    [],
    ["CPU_32v7"],
    ["CPU_32v7M"],
    ["CPU_32v7", "CPU_32v6", "CPU_32v6K"],
    ["CPU_32v4"],
  ]) {
    const macros = flagsOf("6.6.1", { arch: "arm", options }).filter((flag) => flag.includes("ARM_ARCH"));
    expect(macros).toHaveLength(1);
  }
});

it("structures of old kernels are as their compiler had them", () => {
  const flag = "-DCC_HAVE_ASM_GOTO";
  const clang = "Android (5484270) clang version 9.0.3";
  expect(flagsOf("4.19.113", { compiler: clang })).toContain(flag);
  expect(flagsOf("4.14.117", { compiler: clang.replace("9.0.3", "8.0.12") })).not.toContain(flag);
});

it("eBPF has no assembly outside of functions, and no macro of the kernel's code alone", () => {
  const options = ["ARM64_LSE_ATOMICS"];
  expect(flagsOf("5.4.61", { options, purpose: "bpf" })).not.toContain("-DCONFIG_AS_LSE=1");
  expect(flagsOf("6.1.57", { arch: "x86", purpose: "bpf" })).toContain("-fcf-protection=branch");
});

it("no flag needs quotes: they are for `clang $(kheaders cflags …)`", () => {
  for (const arch of ["x86", "arm64", "arm", "riscv"] as const)
    for (const release of ["4.14.0", "6.19.0"])
      for (const flag of flagsOf(release, { arch })) expect(flag).toMatch(/^[\w=.-]+$/);
});
