import { describe, expect, it } from "vitest";
import { buildVariables } from "../../../host/build/build-variables.js";
import { compilerFlags } from "../../../host/build/compiler-flags.js";
import type { Purpose } from "../../../host/build/makefile-flags.js";
import { architectureOf } from "../../../host/kernel/architecture.js";
import type { TreeFacts } from "../../../host/kernel/tree-facts.js";

function factsOf(sourceName: string, bits: 32 | 64, endianness: "little" | "big" = "little"): TreeFacts {
  const architecture = architectureOf(sourceName, bits);
  if (architecture === undefined) throw new Error(`${sourceName} of ${bits} bits is not known`);
  return {
    tree: "/t",
    release: "6.1.57",
    architecture,
    endianness,
    flavour: "headers",
    compiler: undefined,
    config: new Map(endianness === "big" ? [["CONFIG_CPU_BIG_ENDIAN", "1"]] : []),
    includedFirst: ["include/linux/kconfig.h"],
  };
}

function flagsOf(facts: TreeFacts, purpose: Purpose = "bpf"): string[] {
  return compilerFlags(facts, purpose, "/clang/include");
}

/** What follows a flag. */
function wordAfter(flags: readonly string[], flag: string): string | undefined {
  return flags[flags.indexOf(flag) + 1];
}

describe("the compiler's flags", () => {
  it.each([
    { name: "x86", bits: 64, target: "x86_64-linux-gnu", bpf: "x86", code: "-mno-sse" },
    { name: "x86", bits: 32, target: "i686-linux-gnu", bpf: "x86", code: "-mno-sse" },
    { name: "arm64", bits: 64, target: "aarch64-linux-gnu", bpf: "arm64", code: "-mgeneral-regs-only" },
    { name: "arm", bits: 32, target: "armv7-linux-gnueabihf", bpf: "arm", code: "-msoft-float" },
    { name: "riscv", bits: 64, target: "riscv64-linux-gnu", bpf: "riscv", code: "-mabi=lp64" },
  ] as const)("compile for $target", ({ name, bits, target, bpf, code }) => {
    const flags = flagsOf(factsOf(name, bits));
    expect(wordAfter(flags, "-target")).toBe(target);
    expect(flags).toContain(`-D__TARGET_ARCH_${bpf}`);
    expect(flags).toContain(code);
    expect(flags).toContain(`-I/t/arch/${name}/include/generated/uapi`);
  });

  it("leave it to clang where its own headers are, if nobody says it", () => {
    const flags = compilerFlags(factsOf("arm64", 64), "kernel", undefined);
    expect(flags).toContain("-nostdlibinc");
    expect(flags).not.toContain("-isystem");
    expect(flags).not.toContain("-nostdinc");
  });

  it("look for headers in the kernel's order, and in no folder of the workstation but clang's and ours", () => {
    const flags = flagsOf(factsOf("arm64", 64));
    const folders = flags.filter((flag) => flag.startsWith("-I"));
    expect(folders.filter((flag) => !flag.endsWith("/host/build/include"))).toEqual([
      "-I/t/arch/arm64/include",
      "-I/t/arch/arm64/include/generated",
      "-I/t/include",
      "-I/t/arch/arm64/include/uapi",
      "-I/t/arch/arm64/include/generated/uapi",
      "-I/t/include/uapi",
      "-I/t/include/generated/uapi",
    ]);
    expect(flags).toContain("-nostdinc");
    expect(wordAfter(flags, "-isystem")).toBe("/clang/include");
    expect(flags).toContain("--include=/t/include/linux/kconfig.h");
  });

  it("have no word twice, which CMake would drop", () => {
    const first = ["include/linux/kconfig.h", "include/linux/compiler_types.h"];
    const flags = flagsOf({ ...factsOf("x86", 64), includedFirst: first });
    expect(new Set(flags).size).toBe(flags.length);
  });

  it("keep type information for eBPF, and are not told of eBPF for the kernel", () => {
    expect(flagsOf(factsOf("x86", 64))).toContain("-g");
    const kernel = flagsOf(factsOf("x86", 64), "kernel");
    expect(kernel).toContain("-D__KERNEL__");
    expect(kernel.filter((flag) => /BPF|TARGET_ARCH|^-g$|build\/include/.test(flag))).toEqual([]);
  });

  it("follow the order of the kernel's bytes", () => {
    expect(flagsOf(factsOf("arm64", 64))).not.toContain("-mbig-endian");
    expect(flagsOf(factsOf("arm64", 64, "big"))).toContain("-mbig-endian");
  });

  it("tell a 32-bit ARM kernel's headers which ARM", () => {
    expect(flagsOf(factsOf("arm", 32), "kernel")).toContain("-D__LINUX_ARM_ARCH__=7");
  });
});

describe("the environment of a build", () => {
  it("names the tree for the kernel's Makefile, bpftrace and bcc", () => {
    expect(buildVariables(factsOf("arm64", 64), "x86_64")).toEqual({
      KDIR: "/t",
      ARCH: "arm64",
      CROSS_COMPILE: "aarch64-linux-gnu-",
      LLVM: "",
      BPFTRACE_KERNEL_SOURCE: "/t",
      BCC_KERNEL_SOURCE: "/t",
    });
  });

  it.each([
    { name: "x86", bits: 64, machine: "x86_64" },
    { name: "x86", bits: 32, machine: "x86_64" },
    { name: "x86", bits: 32, machine: "i686" },
    { name: "arm", bits: 32, machine: "armv8l" },
    { name: "arm64", bits: 64, machine: "aarch64" },
    { name: "riscv", bits: 64, machine: "riscv64" },
  ] as const)("needs no cross compiler on $machine for $name", ({ name, bits, machine }) => {
    expect(buildVariables(factsOf(name, bits), machine).CROSS_COMPILE).toBe("");
  });

  it.each([
    { name: "x86", bits: 64, machine: "aarch64", prefix: "x86_64-linux-gnu-" },
    { name: "x86", bits: 32, machine: "aarch64", prefix: "i686-linux-gnu-" },
    { name: "arm", bits: 32, machine: "aarch64", prefix: "arm-linux-gnueabihf-" },
    { name: "arm64", bits: 64, machine: "armv8l", prefix: "aarch64-linux-gnu-" },
    { name: "riscv", bits: 64, machine: "x86_64", prefix: "riscv64-linux-gnu-" },
  ] as const)("needs $prefix on $machine", ({ name, bits, machine, prefix }) => {
    expect(buildVariables(factsOf(name, bits), machine).CROSS_COMPILE).toBe(prefix);
  });
});

it("has modules built by clang where clang built the kernel", () => {
  const facts = { ...factsOf("arm64", 64), config: new Map([["CONFIG_CC_IS_CLANG", "1"]]) };
  expect(buildVariables(facts, "x86_64")).toMatchObject({ LLVM: "1", CROSS_COMPILE: "aarch64-linux-gnu-" });
});

it("knows no architecture that Linux does not have", () => {
  expect(architectureOf("arm64", 32)).toBeUndefined();
  expect(architectureOf("vax", 32)).toBeUndefined();
});
