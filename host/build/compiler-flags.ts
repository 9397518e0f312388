import type { TreeFacts } from "../kernel/tree-facts.js";

/** What is to be compiled: an eBPF program that reads the kernel's structures, or code that runs in the kernel. */
export type Purpose = "bpf" | "kernel";

/**
 * The flags that compile C against a tree with clang. Kernel headers hold inline assembly, so even an eBPF program is
 * compiled for the kernel's own architecture, to LLVM's intermediate language (`-S -emit-llvm`), which `llc -march=bpf`
 * turns into eBPF.
 *
 * @param clangInclude The folder of the compiler's own headers: `$(clang -print-resource-dir)/include`.
 */
export function compilerFlags(facts: TreeFacts, purpose: Purpose, clangInclude: string): string[] {
  const { tree, architecture } = facts;
  const arch = `${tree}/arch/${architecture.sourceName}/include`;
  // The order of the kernel's own Makefile: LINUXINCLUDE, then USERINCLUDE.
  const folders = [
    arch,
    `${arch}/generated`,
    `${tree}/include`,
    `${arch}/uapi`,
    `${arch}/generated/uapi`,
    `${tree}/include/uapi`,
    `${tree}/include/generated/uapi`,
  ];
  // KBUILD_MODNAME is a string that debug messages show. __FILE__ is one that needs no quotes: flags are for `clang $(…)`.
  const macros = ["KBUILD_MODNAME=__FILE__", "__KERNEL__", "CONFIG_CC_IS_CLANG", ...architecture.macros];
  if (purpose === "bpf") macros.push("__BPF_TRACING__", `__TARGET_ARCH_${architecture.bpfTarget}`);
  return [
    "-target",
    architecture.clangTarget,
    "-O2",
    "-nostdinc",
    "-isystem",
    clangInclude,
    ...folders.map((folder) => `-I${folder}`),
    "-include",
    `${tree}/include/linux/kconfig.h`,
    ...macros.map((macro) => `-D${macro}`),
    "-std=gnu11",
    "-fno-strict-aliasing",
    "-fshort-wchar",
    "-fno-pie",
    ...architecture.codeFlags,
    ...(facts.endianness === "big" ? ["-mbig-endian"] : []),
    "-Wno-unknown-warning-option",
    "-Wno-gnu-variable-sized-type-not-at-end",
    "-Wno-address-of-packed-member",
    "-Wno-pointer-sign",
    ...(purpose === "bpf" ? ["-fno-stack-protector", "-fno-asynchronous-unwind-tables", "-g"] : []),
  ];
}
