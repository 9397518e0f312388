import { commandGroup } from "../../options/command.js";
import { add as addDir } from "./dir.js";
import { add as addInfo } from "./info.js";
import { add as addLs } from "./ls.js";
import { add as addPrune } from "./prune.js";
import { add as addRm } from "./rm.js";
import { add as addVerify } from "./verify.js";

export const add = commandGroup({
  name: "cache",
  summary: "list, check and clean up the cache",
  examples: [
    "kheaders cache ls",
    "kheaders cache verify",
    "kheaders cache prune --max-size 5GB --older-than 30d",
    "kheaders cache rm 3f786850e387",
  ],
  commands: [addLs, addInfo, addVerify, addPrune, addRm, addDir],
});
