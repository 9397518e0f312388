import type { Command } from "commander";
import { helpText } from "../../options/command.js";
import { add as addDir } from "./dir.js";
import { add as addInfo } from "./info.js";
import { add as addLs } from "./ls.js";
import { add as addPrune } from "./prune.js";
import { add as addRm } from "./rm.js";
import { add as addVerify } from "./verify.js";

const summary = "list, check and clean up the cache";

export function add(program: Command): void {
  const cache = program.command("cache").summary(summary).description("List, check and clean up the cache.");
  for (const addSubcommand of [addLs, addInfo, addVerify, addPrune, addRm, addDir]) addSubcommand(cache);
  cache.addHelpText(
    "after",
    helpText(undefined, [
      "kheaders cache ls",
      "kheaders cache verify",
      "kheaders cache prune --max-size 5GB --older-than 30d",
      "kheaders cache rm 3f786850e387",
    ]),
  );
}
