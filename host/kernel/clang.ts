import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { errnoOf, KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";

/**
 * The folder of clang's own headers (`stddef.h`, `stdarg.h`), which stand in for the C library's.
 *
 * @throws KheadersError `tool-missing` where there is no such clang, or it does not answer.
 */
export async function clangIncludeFolder(clang: string, signal: AbortSignal): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(clang, ["-print-resource-dir"], { signal });
    return join(stdout.trim(), "include");
  } catch (cause) {
    signal.throwIfAborted();
    const reason = errnoOf(cause) === "ENOENT" ? "was not found" : "does not work";
    throw new KheadersError("tool-missing", `${printable(clang, 4096)} ${reason}`, {
      hint: "Install clang 14 or later (Debian: apt install clang llvm), or name it with --clang.",
      cause,
    });
  }
}
