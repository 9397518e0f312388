import { command } from "../../options/command.js";
import { argument, option } from "../../options/option.js";
import { type PullFlags, pullOptions, pullOptionsOf } from "../../options/pull.js";
import { treeOption } from "../../options/tree.js";

interface Flags extends PullFlags {
  readonly tree?: string;
  readonly kbuild?: string;
  readonly force?: boolean;
}

export const add = command<Flags, [dir: string, makeArguments: string[]]>({
  name: "module",
  summary: "build a kernel module, and print the paths of its .ko files",
  arguments: [
    argument("<dir>", "the folder with the module's Kbuild or Makefile"),
    argument("[arguments...]", "arguments for make, after --"),
  ],
  options: [
    treeOption,
    option("--kbuild <source>", "the kernel source that lends its build system (or set KHEADERS_KBUILD)"),
    option("--force", "build also with a compiler that does not fit the kernel"),
    ...pullOptions,
  ],
  details: `The module is built as by: make -C KERNEL M=DIR modules. What make prints goes
to standard error. If it fails, the exit status is 1. Symbol versions are
collected from the device if they are needed (see: kheaders symvers).

Most kernels' archives have headers alone. Then a kernel source of the same
series lends its build system: a folder or tar archive of it, or a linux-headers
folder. It is prepared once for each kernel, and need not be named again for
kernels of that series.`,
  examples: [
    "kheaders module ./hello",
    "kheaders module ./hello --kbuild ~/linux-6.1.57.tar.xz",
    "kheaders -s R5CT30ABCDE module ./hello -- -j8 CC=gcc-12",
    "kheaders module ./hello --tree 3f786850e387",
  ],
  async run(context, dir, makeArguments) {
    const { flags, reporter } = context;
    const { buildModule } = await import("../../../build/module/module.js");
    const { modules, release, kernelFolder, symvers, kbuild } = await buildModule({
      dir,
      tree: flags.tree,
      kbuild: flags.kbuild ?? (process.env.KHEADERS_KBUILD || undefined),
      force: flags.force ?? false,
      makeArguments: flags.quiet ? ["-s", ...makeArguments] : makeArguments,
      pull: await pullOptionsOf(context),
      onOutput: reporter.passOn,
    });
    return {
      json: [{ release, modules, kernelFolder, symvers: symvers ?? null, kbuild: kbuild ?? null }],
      lines: modules.map(({ path }) => path),
    };
  },
});
