import type { TreeFacts } from "./tree-facts.js";

/** The machine that a build runs on, as `uname -m` tells it. */
export type BuildMachine = string;

/**
 * The variables that builds against a kernel's headers go by: the kernel's own Makefile (`KDIR` by custom, `ARCH`,
 * `CROSS_COMPILE`), bpftrace and bcc.
 */
export function buildEnvironment(facts: TreeFacts, machine: BuildMachine): Record<string, string> {
  const { tree, architecture } = facts;
  return {
    KDIR: tree,
    ARCH: architecture.sourceName,
    CROSS_COMPILE: machine === architecture.machine ? "" : architecture.crossCompile,
    BPFTRACE_KERNEL_SOURCE: tree,
    BCC_KERNEL_SOURCE: tree,
  };
}
