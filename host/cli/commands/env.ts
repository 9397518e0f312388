import { machine } from "node:os";
import type { Command } from "commander";
import { addPullOptions, type PullFlags, pullOptionsOf } from "../options/pull.js";
import { printJson, printLine, runCommand } from "../run.js";

export function addEnv(program: Command): void {
  const command = program
    .command("env [tree]")
    .description("print the variables that builds go by: KDIR, ARCH, CROSS_COMPILE and others");
  addPullOptions(command)
    .addHelpText("after", '\nExample:\n  $ eval "$(kheaders env)" && make -C "$KDIR" M=$PWD modules')
    .action(async (what: string | undefined, _options, invoked: Command) => {
      const flags = invoked.optsWithGlobals<PullFlags>();
      await runCommand(flags, async (context) => {
        const { findTree } = await import("../../pull/locate-tree.js");
        const { buildVariables } = await import("../../build/build-variables.js");
        const { readTreeFacts } = await import("../../kernel/tree-facts.js");
        const { shellWord } = await import("../../build/quoting.js");
        const facts = readTreeFacts(await findTree(what, await pullOptionsOf(flags, context)));
        const variables = buildVariables(facts, machine());
        if (flags.json) printJson(variables);
        else
          for (const [name, value] of Object.entries(variables))
            printLine(`export ${name}=${shellWord(value)}`);
        return undefined;
      });
    });
}
