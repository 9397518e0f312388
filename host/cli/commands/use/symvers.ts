import type { Symvers } from "../../../symvers/collect.js";
import { command } from "../../options/command.js";
import { option } from "../../options/option.js";
import { type PullFlags, pullOptions, pullOptionsOf } from "../../options/pull.js";

interface Flags extends PullFlags {
  readonly output?: string;
  readonly add?: string;
}

export const add = command<Flags>({
  name: "symvers",
  summary: "collect symbol versions, and print the path of Module.symvers",
  options: [
    option("-o, --output <file>", "also leave a copy here"),
    option("--add <file>", "add all symbols of this Module.symvers, of the kernel's own build"),
    ...pullOptions,
  ],
  details: `A kernel with CONFIG_MODVERSIONS only loads modules that were built with the
versions of the symbols that they use. The headers do not have them; the modules
on the device do. "kheaders module" collects them by itself. Here --refresh only
collects the symbol versions anew. With --no-su, modules in folders that only
root can list are left out.

The device's modules tell the versions of the symbols that they use. The build of
the kernel lists all: with --add, its file completes them, once it is known to
agree with the device in each.`,
  examples: [
    "kheaders symvers",
    "kheaders symvers -o ./Module.symvers --json",
    "kheaders symvers --add vmlinux.symvers",
  ],
  async run(context) {
    const { withSymvers } = await import("../../../symvers/collect.js");
    const { addSymvers, readSymversFile } = await import("../../../symvers/add.js");
    const { copyOutput, outputTarget } = await import("../../../user-files/output.js");
    const { output } = context.flags;
    if (output !== undefined) outputTarget(output);
    const added = context.flags.add === undefined ? undefined : readSymversFile(context.flags.add);
    const options = await pullOptionsOf(context);
    const copy = async (found: Symvers) => {
      if (output !== undefined) copyOutput(found.path, output);
      return found;
    };
    const result = await (added === undefined
      ? withSymvers(options, copy)
      : addSymvers(added, options, copy));
    const { path, serial, release, cache, symbols, modules, bytes, skipped, isPartial, denied } = result;
    const json = {
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
    };
    return { json: [json], lines: [path] };
  },
});
