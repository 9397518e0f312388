import type { TreeFacts } from "../kernel/tree-facts.js";

/** What is wrong with the headers themselves, whatever is compiled with them; a sentence or more each. */
export function headerWarnings({ config }: Pick<TreeFacts, "config">): string[] {
  const option = shufflingOptions.find((name) => config.has(name));
  if (option === undefined) return [];
  return [
    `The kernel was built with ${option}: it shuffled the members of many structures with a seed that no archive has. ` +
      "Offsets and sizes from these headers are not the kernel's. Take them from the kernel's BTF (/sys/kernel/btf/vmlinux), " +
      "as CO-RE programs do. Modules that are built with these headers do not fit the kernel.",
  ];
}

/** security/Kconfig.hardening: RANDSTRUCT from 5.19 on, the option of GCC's plugin before. */
const shufflingOptions = ["CONFIG_RANDSTRUCT", "CONFIG_GCC_PLUGIN_RANDSTRUCT"];
