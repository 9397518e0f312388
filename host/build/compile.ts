import { KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import { runTool } from "../process/tool.js";
import { clangHint } from "./clang.js";

/** How to run a compiler. */
export interface CompileOptions {
  /** What it compiles, as it completes "does not compile …"; fit for a terminal. */
  readonly what: string;
  /** Its standard input. */
  readonly input?: string;
  readonly signal: AbortSignal;
  /** Gets the compiler's errors and warnings as it prints them. */
  readonly onDiagnostics: (text: string) => void;
}

/**
 * Runs clang or llc, and passes on its errors and warnings.
 *
 * @throws KheadersError `compile-failed` if it refuses its input; `tool-missing`; the signal's reason when it
 * aborts.
 */
export async function compile(tool: string, args: readonly string[], options: CompileOptions): Promise<void> {
  const { what, input = "", signal, onDiagnostics } = options;
  const { status, stderr } = await runTool(tool, args, { signal, input, hint: clangHint });
  if (stderr !== "") onDiagnostics(stderr);
  if (status === 0) return;
  throw new KheadersError(
    "compile-failed",
    `${printable(tool, 4096)} does not compile ${what} (status ${status})`,
    { hint: "See its output above. `kheaders check` shows which headers of this kernel compile." },
  );
}

/**
 * A file name that no compiler takes for something else: `@…` is a file with arguments for clang, even after `--`, and
 * `-…` is an option.
 */
export function fileArgument(path: string): string {
  return /^[@-]/.test(path) ? `./${path}` : path;
}
