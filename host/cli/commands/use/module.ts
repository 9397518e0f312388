import { command } from "../../options/command.js";
import { argument } from "../../options/option.js";
import { type PullFlags, pullOptions, pullOptionsOf } from "../../options/pull.js";
import { treeOption } from "../../options/tree.js";

interface Flags extends PullFlags {
  readonly tree?: string;
}

export const add = command<Flags, [dir: string, makeArguments: string[]]>({
  name: "module",
  summary: "build a kernel module, and print the paths of its .ko files",
  arguments: [
    argument("<dir>", "the folder with the module's Kbuild or Makefile"),
    argument("[arguments...]", "arguments for make, after --"),
  ],
  options: [treeOption, ...pullOptions],
  details: `The module is built as by: make -C KERNEL M=DIR modules. What make prints goes
to standard error. If it fails, the exit status is 1. The headers must be of the
kind that builds modules (see: kheaders info). Symbol versions are collected
from the device if they are needed (see: kheaders symvers).`,
  examples: [
    "kheaders module ./hello",
    "kheaders -s R5CT30ABCDE module ./hello -- -j8 CC=gcc-12",
    "kheaders module ./hello --tree 3f786850e387",
  ],
  async run(context, dir, makeArguments) {
    const { flags, reporter } = context;
    const { buildModule } = await import("../../../build/module/module.js");
    const { modules, release, kernelFolder, symvers } = await buildModule({
      dir,
      tree: flags.tree,
      makeArguments: flags.quiet ? ["-s", ...makeArguments] : makeArguments,
      pull: await pullOptionsOf(context),
      onOutput: reporter.passOn,
    });
    return {
      json: [{ release, modules, kernelFolder, symvers: symvers ?? null }],
      lines: modules.map(({ path }) => path),
    };
  },
});
