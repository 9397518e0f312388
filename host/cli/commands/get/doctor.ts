import { exitStatusOf } from "../../../../shared/errors.js";
import { stallSeconds } from "../../../../shared/protocol.js";
import { cacheDir } from "../../../cache/index.js";
import type { Check } from "../../../doctor/doctor.js";
import { command } from "../../options/command.js";
import { choiceOf, serverOf } from "../../options/global.js";
import { checkObject } from "../../report/result.js";
import { columnsOf, fold, styled } from "../../report/terminal.js";

const marks: Record<Check["status"], string> = { ok: "ok", warning: "warn", failed: "FAIL", skipped: "-" };

const colours = { ok: "green", warning: "yellow", failed: "red", skipped: undefined } as const;

export const add = command({
  name: "doctor",
  summary: "check what a pull needs, step by step, and say what to do next",
  details: "Changes nothing, on this machine and on the device.",
  examples: ["kheaders doctor -s R5CT30ABCDE"],
  async run({ flags, signal, print }) {
    const { doctor } = await import("../../../doctor/doctor.js");
    const checks = await doctor({
      server: serverOf(flags, process.env),
      choice: choiceOf(flags, process.env),
      cacheDir: await cacheDir(process.env, flags.cacheDir),
      tool: KHEADERS_VERSION,
      stallSeconds,
      signal,
      onCheck: (check) => print({ json: [], lines: linesOf(check) }),
    });
    const failed = checks.find((check) => check.status === "failed");
    const next = (failed ?? checks.find((check) => check.hint !== undefined))?.hint ?? "kheaders pull";
    return {
      json: [{ checks: checks.map(checkObject), next }],
      lines: fold(`Next: ${next}`, columnsOf(process.stdout), "Next: ".length),
      status: failed?.code === undefined ? 0 : exitStatusOf[failed.code],
    };
  },
});

function linesOf({ name, status, detail }: Check): string[] {
  const mark = marks[status].padEnd(4);
  const before = `  ${name.padEnd(13)}  `;
  const { stdout } = process;
  const lines = fold(`${mark}${before}${detail}`, columnsOf(stdout), mark.length + before.length);
  const colour = colours[status];
  return colour === undefined
    ? lines
    : lines.map((line) => line.replace(/^\w+/, (word) => styled(colour, word, stdout)));
}
