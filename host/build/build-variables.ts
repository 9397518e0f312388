import type { Architecture } from "../kernel/architecture.js";
import type { TreeFacts } from "../kernel/tree-facts.js";

/** The machine that a build runs on, as `uname -m` prints it. */
export type BuildMachine = string;

/**
 * The variables that builds against a kernel's headers use: the kernel's own Makefile (`KDIR` by custom, `ARCH`,
 * `CROSS_COMPILE`, `LLVM`), bpftrace and bcc. A variable that does not apply is empty, which the Makefile takes for unset: the
 * shell may still have it from another kernel. Modules of a kernel that clang built need clang: its configuration depends on
 * what the compiler can do (Documentation/kbuild/llvm.rst).
 */
export function buildVariables(facts: TreeFacts, machine: BuildMachine): Record<string, string> {
  const { tree, architecture, config } = facts;
  return {
    KDIR: tree,
    ARCH: architecture.sourceName,
    CROSS_COMPILE: isNative(architecture, machine) ? "" : architecture.crossCompile,
    LLVM: config.has("CONFIG_CC_IS_CLANG") ? "1" : "",
    BPFTRACE_KERNEL_SOURCE: tree,
    BCC_KERNEL_SOURCE: tree,
  };
}

/**
 * Whether the workstation's own compiler makes code of an architecture. On x86 it does so for both word sizes: the kernel's
 * Makefile says `-m32` or `-m64` (arch/x86/Makefile). 32-bit ARM machines call themselves by their version: `armv7l`, `armv8l`.
 */
function isNative({ sourceName, machine }: Architecture, own: BuildMachine): boolean {
  if (sourceName === "x86") return /^(?:x86_64|i[3-6]86)$/.test(own);
  return sourceName === "arm" ? own.startsWith("armv") : own === machine;
}
