import type { Command } from "commander";
import { printable } from "../../../shared/printable.js";
import { addPullOptions, type PullFlags, pullOptionsOf } from "../options/pull.js";
import { printJson, printLine, runCommand } from "../run.js";

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

export function addInfo(program: Command): void {
  const command = program
    .command("info [tree]")
    .description("say what a tree of headers is of: release, architecture, compiler, configuration")
    .option("--config", "print the kernel's configuration as CONFIG_X=y lines");
  addPullOptions(command)
    .addHelpText(
      "after",
      `
The tree is a folder, the digest of a cached archive, or, if none is named, that of the device.

Examples:
  $ kheaders info
  $ kheaders info 3f786850e387
  $ kheaders info --config | grep CONFIG_BPF`,
    )
    .action(async (what: string | undefined, _options, invoked: Command) => {
      const flags = invoked.optsWithGlobals<Flags>();
      await runCommand(flags, async (context) => {
        const { locateTree } = await import("../../pull/locate-tree.js");
        const { treeInfo } = await import("../../build/tree-info.js");
        const options = await pullOptionsOf(flags, context);
        const info = await treeInfo(await locateTree(what, options), options.cache);
        const { config } = info;
        if (flags.config) {
          if (flags.json) printJson(Object.fromEntries(config));
          else for (const [option, value] of config) printLine(`${option}=${printable(value, 4096)}`);
          return undefined;
        }
        for (const message of info.warnings) context.reporter.on({ type: "warning", message });
        const { tree, release, architecture, endianness, flavour, compiler, files, buildTools } = info;
        if (flags.json) {
          printJson({
            tree,
            release,
            machine: architecture.machine,
            bits: architecture.bits,
            endianness,
            flavour,
            compiler: compiler ?? null,
            files,
            buildTools: buildTools ?? null,
            warnings: info.warnings,
            configSource: info.configSource,
            config: Object.fromEntries(keyOptions.map((option) => [option, config.get(option) ?? null])),
          });
          return undefined;
        }
        printLine(`tree:          ${tree}`);
        printLine(`release:       ${printable(release)}`);
        printLine(`architecture:  ${architecture.machine}, ${architecture.bits} bits, ${endianness}-endian`);
        printLine(
          `flavour:       ${flavour === "modules" ? "headers and what builds modules" : "headers only"}`,
        );
        printLine(`compiler:      ${printable(compiler ?? "not told")}`);
        printLine(`files:         ${files}`);
        if (buildTools !== undefined) printLine(`build tools:   ${buildTools.machine}`);
        for (const option of keyOptions) printLine(`${option}=${printable(config.get(option) ?? "n")}`);
        return undefined;
      });
    });
}
