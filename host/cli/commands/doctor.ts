import type { Command } from "commander";
import { exitStatusOf } from "../../../shared/errors.js";
import { stallSeconds } from "../../../shared/protocol.js";
import { cacheDir } from "../../cache/index.js";
import type { Check } from "../../doctor.js";
import { choiceOf, type GlobalFlags, serverOf } from "../options/global.js";
import { printJson, printLine, runCommand } from "../run.js";

const marks: Record<Check["status"], string> = { ok: "ok", warning: "warn", failed: "FAIL", skipped: "-" };

export function addDoctor(program: Command): void {
  program
    .command("doctor")
    .description(
      "check this workstation and the device step by step, and say what to do next; changes nothing",
    )
    .addHelpText("after", "\nExample:\n  $ kheaders doctor -s R5CT30ABCDE")
    .action(async (_options, command: Command) => {
      const flags = command.optsWithGlobals<GlobalFlags>();
      await runCommand(flags, async ({ signal }) => {
        const { doctor } = await import("../../doctor.js");
        const checks = await doctor({
          server: serverOf(flags, process.env),
          choice: choiceOf(flags, process.env),
          cacheDir: await cacheDir(process.env, flags.cacheDir),
          tool: KHEADERS_VERSION,
          stallSeconds,
          signal,
        });
        const failed = checks.find((check) => check.status === "failed");
        const next = (failed ?? checks.find((check) => check.hint !== undefined))?.hint ?? "kheaders pull";
        if (flags.json) printJson({ checks, next });
        else {
          for (const { name, status, detail } of checks) {
            printLine(`${marks[status].padEnd(4)}  ${name.padEnd(13)}  ${detail}`);
          }
          printLine(`Next: ${next}`);
        }
        return failed?.code === undefined ? 0 : exitStatusOf[failed.code];
      });
    });
}
