import { type Command, Option } from "commander";
import type { BpfVersion } from "../../build/bpf.js";
import { addPullOptions, type PullFlags, pullOptionsOf } from "../options/pull.js";
import { printJson, printLine, runCommand } from "../run.js";

interface Flags extends PullFlags {
  readonly output: string;
  readonly tree?: string;
  readonly mcpu: BpfVersion;
  readonly clang: string;
}

export function addBpf(program: Command): void {
  const command = program
    .command("bpf <program> [flags...]")
    .description("compile an eBPF program against the headers, and print the object's path")
    .requiredOption("-o, --output <file>", "where the object goes")
    .option("--tree <tree>", "a folder, or the digest of a cached archive (default: that of the device)")
    .addOption(
      new Option("--mcpu <version>", "version of the eBPF instructions")
        .choices(["v1", "v2", "v3"] satisfies BpfVersion[])
        .default("v1"),
    )
    .option("--clang <program>", "the clang to use, and its llc", "clang");
  addPullOptions(command)
    .addHelpText(
      "after",
      `
Flags after -- go to clang. Its errors end kheaders with status 1; there is no object then.

Examples:
  $ kheaders bpf prog.c -o prog.o
  $ kheaders -s R5CT30ABCDE bpf prog.c -o prog.o -- -DDEBUG -Werror
  $ kheaders bpf prog.c -o prog.o --tree 3f786850e387 --clang clang-16 --mcpu v3`,
    )
    .action(async (source: string, clangFlags: string[], _options, invoked: Command) => {
      const flags = invoked.optsWithGlobals<Flags>();
      await runCommand(flags, async (context) => {
        const { findTree } = await import("../../pull/locate-tree.js");
        const { compileBpf } = await import("../../build/bpf.js");
        const tree = await findTree(flags.tree, await pullOptionsOf(flags, context));
        const object = await compileBpf({
          tree,
          source,
          output: flags.output,
          version: flags.mcpu,
          clang: flags.clang,
          flags: clangFlags,
          signal: context.signal,
          onDiagnostics: context.reporter.passOn,
        });
        if (flags.json) printJson({ ...object, tree });
        else printLine(object.output);
        return undefined;
      });
    });
}
