import { commandGroup } from "../../options/command.js";
import { add as addLs } from "./ls.js";
import { add as addPull } from "./pull.js";
import { add as addPush } from "./push.js";
import { add as addVerify } from "./verify.js";

export const add = commandGroup({
  name: "store",
  summary: "list, fill and check the store that hosts share",
  examples: [
    "kheaders store ls --store oci://registry.example.com/lab/kernels",
    "kheaders store push 3f786850e387",
    "kheaders store pull 6.1.57-android14-11 --store oci:/mnt/stick",
    "kheaders store verify",
  ],
  commands: [addLs, addPush, addPull, addVerify],
});
