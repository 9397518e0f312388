import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../../../shared/errors.js";
import { readHostBootId } from "../../cache/index.js";

/** Has the workstation's boot in which the folder was made: a power cut may have emptied the files of older ones. */
const bootName = ".kheaders-host-boot";

/** Notes that a folder was made in this boot of the workstation. */
export function markBoot(folder: string): void {
  writeFileSync(join(folder, bootName), readHostBootId() ?? "");
}

/** Whether {@link markBoot} noted this boot. */
export function isOfThisBoot(folder: string): boolean {
  try {
    return readFileSync(join(folder, bootName), "utf8") === readHostBootId();
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw error;
  }
}
