import { printable } from "../../../../shared/printable.js";
import type { TreeInfo } from "../../../build/tree-info.js";
import { command } from "../../options/command.js";
import { option } from "../../options/option.js";
import { type PullFlags, pullOptions, pullOptionsOf } from "../../options/pull.js";
import { treeArgument } from "../../options/tree.js";
import type { Output } from "../../run.js";

interface Flags extends PullFlags {
  readonly config?: boolean;
}

/** What people look for first in a kernel's configuration. */
const keyOptions = [
  "CONFIG_MODVERSIONS",
  "CONFIG_MODULE_SIG",
  "CONFIG_DEBUG_INFO_BTF",
  "CONFIG_BPF_SYSCALL",
  "CONFIG_KPROBES",
  "CONFIG_FTRACE",
  "CONFIG_SMP",
  "CONFIG_PREEMPT",
];

export const add = command<Flags, [tree: string | undefined]>({
  name: "info",
  summary: "show a tree's release, architecture, compiler and configuration",
  arguments: [treeArgument],
  options: [option("--config", "print the kernel's configuration as CONFIG_X=y lines"), ...pullOptions],
  examples: ["kheaders info", "kheaders info 3f786850e387", "kheaders info --config | grep CONFIG_BPF"],
  async run(context, what) {
    const { withTree } = await import("../../../pull/tree/locate.js");
    const { treeInfo } = await import("../../../build/tree-info.js");
    const options = await pullOptionsOf(context);
    const info = await withTree(what, options, (located) => treeInfo(located, options.cache));
    if (context.flags.config) return configOutput(info);
    for (const message of info.warnings) options.onProgress({ type: "warning", message });
    return { json: [jsonOf(info)], lines: linesOf(info) };
  },
});

function configOutput({ config }: TreeInfo): Output {
  const lines = Array.from(config, ([name, value]) => `${name}=${printable(value, 4096)}`);
  return { json: [Object.fromEntries(config)], lines };
}

function jsonOf(info: TreeInfo): object {
  const { architecture, config } = info;
  return {
    tree: info.tree,
    release: info.release,
    machine: architecture.machine,
    bits: architecture.bits,
    endianness: info.endianness,
    flavour: info.flavour,
    compiler: info.compiler ?? null,
    files: info.files,
    buildTools: info.buildTools ?? null,
    warnings: info.warnings,
    configSource: info.configSource,
    config: Object.fromEntries(keyOptions.map((name) => [name, config.get(name) ?? null])),
  };
}

function linesOf(info: TreeInfo): string[] {
  const { architecture, buildTools, compiler, config, endianness, flavour } = info;
  return [
    `tree:          ${info.tree}`,
    `release:       ${printable(info.release)}`,
    `architecture:  ${architecture.machine}, ${architecture.bits} bits, ${endianness}-endian`,
    `flavour:       ${flavour === "modules" ? "headers and what builds modules" : "headers only"}`,
    `compiler:      ${printable(compiler ?? "unknown")}`,
    `files:         ${info.files}`,
    ...(buildTools === undefined ? [] : [`build tools:   ${buildTools.machine}`]),
    ...keyOptions.map((name) => `${name}=${printable(config.get(name) ?? "n")}`),
  ];
}
