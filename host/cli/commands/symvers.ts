import type { Command } from "commander";
import { addPullOptions, type PullFlags, pullOptionsOf } from "../options/pull.js";
import { printJson, printLine, runCommand } from "../run.js";

interface Flags extends PullFlags {
  readonly output?: string;
}

export function addSymvers(program: Command): void {
  const command = program
    .command("symvers")
    .description(
      "collect the kernel's symbol versions from the device's modules, and print the path of Module.symvers",
    )
    .option("-o, --output <file>", "leave a copy in this file; replaces a file");
  addPullOptions(command)
    .addHelpText(
      "after",
      `
A kernel with CONFIG_MODVERSIONS loads no module that was built without the versions of the symbols that it needs. The
headers do not tell them; the modules on the device do, each those that it uses. "kheaders module" uses them by itself.
Here --refresh is of the symbol versions alone. With --no-su, what may not be listed without root is left out.

Examples:
  $ kheaders symvers
  $ kheaders symvers -o ./Module.symvers --json`,
    )
    .action(async (_options, invoked: Command) => {
      const flags = invoked.optsWithGlobals<Flags>();
      await runCommand(flags, async (context) => {
        const { symvers } = await import("../../symvers/collect.js");
        const { copyOutput, outputTarget } = await import("../../user-files/output.js");
        if (flags.output !== undefined) outputTarget(flags.output);
        const result = await symvers(await pullOptionsOf(flags, context));
        if (flags.output !== undefined) copyOutput(result.path, flags.output);
        if (flags.json) {
          const { path, serial, release, cache, symbols, modules, bytes, skipped, isPartial, denied } =
            result;
          printJson({
            serial: serial ?? null,
            release,
            path,
            cache,
            symbols,
            modules,
            bytes,
            skipped,
            partial: isPartial,
            denied,
          });
        } else printLine(result.path);
        return undefined;
      });
    });
}
