import type { Command } from "commander";
import { addPullOptions, type PullFlags, pullOptionsOf } from "../options/pull.js";
import { table } from "../report/table.js";
import { printJson, printLine, runCommand } from "../run.js";

interface Flags extends PullFlags {
  readonly clang: string;
}

export function addCheck(program: Command): void {
  const command = program
    .command("check [tree]")
    .description("compile a small program for each header that tracers use, and say which work")
    .option("--clang <program>", "the clang to use", "clang");
  addPullOptions(command)
    .addHelpText(
      "after",
      `
Ends with status 0 if all compile, with 1 if some do not.

Examples:
  $ kheaders check
  $ kheaders check 3f786850e387 --json | jq 'select(.error)'`,
    )
    .action(async (what: string | undefined, _options, invoked: Command) => {
      const flags = invoked.optsWithGlobals<Flags>();
      await runCommand(flags, async (context) => {
        const { findTree } = await import("../../pull/locate-tree.js");
        const { checkHeaders } = await import("../../build/check-headers.js");
        const checks = await checkHeaders({
          tree: await findTree(what, await pullOptionsOf(flags, context)),
          clang: flags.clang,
          signal: context.signal,
          onProgress: (done, total) => context.reporter.counted("Compiling", done, total),
        });
        context.reporter.close();
        if (flags.json) for (const { header, error } of checks) printJson({ header, error: error ?? null });
        else {
          const rows = checks.map(({ header, error }) => [header, error === undefined ? "compiles" : error]);
          for (const line of table(["HEADER", "RESULT"], rows)) printLine(line);
        }
        return checks.some(({ error }) => error !== undefined) ? 1 : 0;
      });
    });
}
