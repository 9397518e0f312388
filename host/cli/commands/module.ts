import type { Command } from "commander";
import { addPullOptions, type PullFlags, pullOptionsOf } from "../options/pull.js";
import { printJson, printLine, runCommand } from "../run.js";

interface Flags extends PullFlags {
  readonly tree?: string;
}

export function addModule(program: Command): void {
  const command = program
    .command("module <dir> [arguments...]")
    .description("build a kernel module for the device's kernel, and print the paths of its .ko files")
    .option("--tree <tree>", "a folder, or the digest of a cached archive (default: that of the device)");
  addPullOptions(command)
    .addHelpText(
      "after",
      `
The folder has a Kbuild or Makefile, as for: make -C KERNEL M=DIR modules. Arguments after -- go to make. What it prints goes to
standard error; if it fails, kheaders ends with status 1. The headers must be of the kind that builds modules (see:
kheaders info). Symbol versions are collected from the device if need be (see: kheaders symvers).

Examples:
  $ kheaders module ./hello
  $ kheaders -s R5CT30ABCDE module ./hello -- -j8 CC=gcc-12
  $ kheaders module ./hello --tree 3f786850e387`,
    )
    .action(async (dir: string, makeArguments: string[], _options, invoked: Command) => {
      const flags = invoked.optsWithGlobals<Flags>();
      await runCommand(flags, async (context) => {
        const { buildModule } = await import("../../build/module/module.js");
        const { modules, release, kernelFolder, symvers } = await buildModule({
          dir,
          tree: flags.tree,
          makeArguments: flags.quiet ? ["-s", ...makeArguments] : makeArguments,
          pull: await pullOptionsOf(flags, context),
          onOutput: context.reporter.passOn,
        });
        if (flags.json) printJson({ release, modules, kernelFolder, symvers: symvers ?? null });
        else for (const { path } of modules) printLine(path);
        return undefined;
      });
    });
}
