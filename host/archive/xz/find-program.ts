import { accessSync, constants, realpathSync, statSync } from "node:fs";
import path from "node:path";

/**
 * The `xz` of XZ Utils on a search path such as PATH; undefined if there is none. An `xz` that is a link to a program of
 * another name is not used: busybox's, for one, does not verify CRC64. Folders relative to the current one are ignored.
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
