import { exitStatusOf } from "../../../../shared/errors.js";
import { printable } from "../../../../shared/printable.js";
import type { VerifyReport } from "../../../cache/index.js";
import { openCacheOf } from "../../options/cache.js";
import { command } from "../../options/command.js";
import type { GlobalFlags } from "../../options/global.js";
import { option } from "../../options/option.js";
import { counted } from "../../report/units.js";

interface Flags extends GlobalFlags {
  readonly dryRun?: boolean;
}

export const add = command<Flags>({
  name: "verify",
  summary: "check all archives and trees, and repair them",
  options: [option("--dry-run", "change nothing")],
  details: `Compares every archive with its digest and every tree with its archive. The exit
status is 8 if a problem remains.`,
  examples: ["kheaders cache verify"],
  async run({ flags, signal, reporter }) {
    const report = await (await openCacheOf(flags)).verify({
      repair: flags.dryRun !== true,
      signal,
      onProgress: (done, total) => reporter.counted("Verified", done, total),
    });
    const isDamaged = report.problems.some(({ outcome }) => outcome !== "repaired");
    return { json: [report], lines: linesOf(report), status: isDamaged ? exitStatusOf["cache-failed"] : 0 };
  },
});

function linesOf({ checked, problems, leftovers }: VerifyReport): string[] {
  const found = problems.length === 0 ? "no problems" : counted(problems.length, "problem");
  return [
    ...problems.map(
      ({ what, path, detail, outcome }) =>
        `${outcome}: ${what} ${printable(path, 4096)}: ${printable(detail, 500)}`,
    ),
    ...leftovers.map((path) => `leftover: ${printable(path, 4096)}`),
    `checked ${counted(checked, "archive or tree", "archives and trees")}: ${found}`,
  ];
}
