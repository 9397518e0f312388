import { accessSync, constants, realpathSync, statSync } from "node:fs";
import path from "node:path";

/**
 * The `xz` of XZ Utils on a search path such as PATH; undefined where there is none. Of another one by that name, such as
 * busybox's, which does not verify CRC64, nothing is expected: it is a link to a program of another name. What lies in a
 * folder that is named relative to the current one is not run.
 */
export function findXzUtils(searchPath: string | undefined): string | undefined {
  return (searchPath ?? "")
    .split(path.delimiter)
    .filter((folder) => path.isAbsolute(folder))
    .map((folder) => path.join(folder, "xz"))
    .find(isXzUtils);
}

function isXzUtils(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile() && path.basename(realpathSync(file)) === "xz";
  } catch {
    return false;
  }
}
