import { printable } from "../../../../shared/printable.js";
import { stallSeconds } from "../../../../shared/protocol.js";
import { command } from "../../options/command.js";
import { choiceOf, type GlobalFlags, serverOf, waitOf } from "../../options/global.js";
import { noSuOption } from "../../options/pull.js";

interface Flags extends GlobalFlags {
  readonly su: boolean;
}

export const add = command<Flags>({
  name: "unload",
  summary: "unload the kheaders module, as after pull --keep-loaded",
  options: [noSuOption],
  examples: ["kheaders unload -s R5CT30ABCDE"],
  async run({ flags, signal, reporter }) {
    const { unload } = await import("../../../pull/unload.js");
    const result = await unload({
      server: serverOf(flags, process.env),
      choice: choiceOf(flags, process.env),
      waitSeconds: waitOf(flags),
      root: flags.su ? "su" : "never",
      stallSeconds,
      signal,
      onProgress: reporter.on,
    });
    const { serial, unloaded } = result;
    return { json: [result], lines: [`${printable(serial)}: ${unloaded ? "unloaded" : "was not loaded"}`] };
  },
});
