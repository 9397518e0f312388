import type { Command } from "commander";
import { printable } from "../../../shared/printable.js";
import { stallSeconds } from "../../../shared/protocol.js";
import { choiceOf, type GlobalFlags, serverOf, waitOf } from "../options/global.js";
import { printJson, printLine, runCommand } from "../run.js";

interface Flags extends GlobalFlags {
  readonly su: boolean;
}

export function addUnload(program: Command): void {
  program
    .command("unload")
    .description("take the kheaders module out of the device's kernel, as after pull --keep-loaded")
    .option("--no-su", "never ask su for root")
    .addHelpText("after", "\nExample:\n  $ kheaders unload -s R5CT30ABCDE")
    .action(async (_options, command: Command) => {
      const flags = command.optsWithGlobals<Flags>();
      await runCommand(flags, async ({ signal, reporter }) => {
        const { unload } = await import("../../pull/unload.js");
        const result = await unload({
          server: serverOf(flags, process.env),
          choice: choiceOf(flags, process.env),
          waitSeconds: waitOf(flags),
          noSu: !flags.su,
          stallSeconds,
          signal,
          onProgress: reporter.on,
        });
        if (flags.json) printJson(result);
        else printLine(`${printable(result.serial)}: ${result.unloaded ? "unloaded" : "was not loaded"}`);
        return undefined;
      });
    });
}
