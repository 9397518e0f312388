import { command } from "../../options/command.js";
import { type PullFlags, pullOptions, pullOptionsOf } from "../../options/pull.js";
import { type ClangFlags, clangOption, treeArgument } from "../../options/tree.js";
import { headerObject } from "../../report/result.js";
import { table } from "../../report/table.js";

export const add = command<PullFlags & ClangFlags, [tree: string | undefined]>({
  name: "check",
  summary: "compile the headers that tracers use, and show which work",
  arguments: [treeArgument],
  options: [clangOption, ...pullOptions],
  details: `Compiles a small program for each header. The exit status is 0 if all compile,
and 1 if any does not.`,
  examples: ["kheaders check", "kheaders check 3f786850e387 --json | jq 'select(.error)'"],
  async run(context, what) {
    const { withTree } = await import("../../../pull/tree/locate.js");
    const { checkHeaders } = await import("../../../build/check-headers.js");
    const checks = await withTree(what, await pullOptionsOf(context), ({ tree }) =>
      checkHeaders({
        tree,
        clang: context.flags.clang,
        signal: context.signal,
        onProgress: (done, total) => context.reporter.counted("Compiling", done, total),
        onWarning: (message) => context.reporter.on({ type: "warning", message }),
      }),
    );
    const rows = checks.map(({ header, error }) => [header, error ?? "compiles"]);
    return {
      json: checks.map(headerObject),
      lines: table(["HEADER", { heading: "RESULT", min: 20 }], rows, process.stdout),
      status: checks.some(({ error }) => error !== undefined) ? 1 : 0,
    };
  },
});
