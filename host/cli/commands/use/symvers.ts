import { command } from "../../options/command.js";
import { option } from "../../options/option.js";
import { type PullFlags, pullOptions, pullOptionsOf } from "../../options/pull.js";

interface Flags extends PullFlags {
  readonly output?: string;
}

export const add = command<Flags>({
  name: "symvers",
  summary: "collect symbol versions, and print the path of Module.symvers",
  options: [option("-o, --output <file>", "also leave a copy here"), ...pullOptions],
  details: `A kernel with CONFIG_MODVERSIONS only loads modules that were built with the
versions of the symbols that they use. The headers do not have them; the modules
on the device do. "kheaders module" collects them by itself. Here --refresh only
collects the symbol versions anew. With --no-su, modules in folders that only
root can list are left out.`,
  examples: ["kheaders symvers", "kheaders symvers -o ./Module.symvers --json"],
  async run(context) {
    const { withSymvers } = await import("../../../symvers/collect.js");
    const { copyOutput, outputTarget } = await import("../../../user-files/output.js");
    const { output } = context.flags;
    if (output !== undefined) outputTarget(output);
    const result = await withSymvers(await pullOptionsOf(context), async (found) => {
      if (output !== undefined) copyOutput(found.path, output);
      return found;
    });
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
