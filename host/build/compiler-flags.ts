import { fileURLToPath } from "node:url";
import type { TreeFacts } from "../kernel/tree-facts.js";
import { makefileFlags, type Purpose } from "./makefile-flags.js";

/** Headers that stand for libbpf's. They let in nothing else of the folder where libbpf's lie, such as the C library's. */
const libbpfInclude = fileURLToPath(new URL("./include", import.meta.url));

/**
 * The flags that compile C against a tree with clang. Kernel headers hold inline assembly, so even an eBPF program is
 * compiled for the kernel's own architecture, to LLVM's intermediate language (`-S -emit-llvm`), which `llc -march=bpf`
 * turns into eBPF.
 *
 * @param clangInclude The folder of the compiler's own headers: `$(clang -print-resource-dir)/include`. If undefined, clang
 * finds it by itself, as no other compiler would.
 */
export function compilerFlags(
  facts: TreeFacts,
  purpose: Purpose,
  clangInclude: string | undefined,
): string[] {
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
  return [
    "-target",
    architecture.clangTarget,
    "-O2",
    ...(clangInclude === undefined ? ["-nostdlibinc"] : ["-nostdinc", "-isystem", clangInclude]),
    ...folders.map((folder) => `-I${folder}`),
    ...(purpose === "bpf" ? [`-I${libbpfInclude}`] : []),
    // One word each: CMake drops a word that comes twice, such as the second `-include`.
    ...facts.includedFirst.map((header) => `--include=${tree}/${header}`),
    ...makefileFlags(facts, purpose),
    ...(purpose === "bpf" ? bpfFlags(architecture.bpfTarget) : []),
  ];
}

/** Macros that say the program is for eBPF, and what eBPF cannot have or needs: BTF comes from `-g`. */
function bpfFlags(target: string): string[] {
  return [
    "-D__BPF_TRACING__",
    `-D__TARGET_ARCH_${target}`,
    "-fno-stack-protector",
    "-fno-asynchronous-unwind-tables",
    "-g",
  ];
}
