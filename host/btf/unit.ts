import { join } from "node:path";
import { KheadersError } from "../../shared/errors.js";
import { clangHint } from "../build/clang.js";
import { runTool } from "../process/tool.js";

/** A header that a translation unit could not take in. */
export interface LeftOut {
  readonly header: string;
  /** The compiler's first error. */
  readonly error: string;
}

/** A compiled translation unit. */
export interface Unit {
  /** Path of the object file, with debug information. */
  readonly object: string;
  /** What it includes. */
  readonly headers: readonly string[];
  readonly leftOut: readonly LeftOut[];
}

/** How to compile. */
export interface UnitOptions {
  readonly clang: string;
  readonly flags: readonly string[];
  /** For the object. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

/**
 * Compiles as many headers as go together into one object. Mostly all do, which takes one run of the compiler; else those
 * that do not are found by halving.
 *
 * @throws KheadersError `compile-failed` if none compiles; `tool-missing`; the signal's reason when it aborts.
 */
export async function compileUnit(headers: readonly string[], options: UnitOptions): Promise<Unit> {
  const object = join(options.folder, "headers.o");
  const leftOut: LeftOut[] = [];

  /** Takes out of `more` what does not compile together with `before`. */
  const fitting = async (before: readonly string[], more: readonly string[]): Promise<string[]> => {
    const error = await compile([...before, ...more], object, options);
    if (error === undefined) return [...more];
    const [header, another] = more;
    if (header === undefined) return [];
    if (another === undefined) {
      leftOut.push({ header, error });
      return [];
    }
    const middle = Math.ceil(more.length / 2);
    const first = await fitting(before, more.slice(0, middle));
    return [...first, ...(await fitting([...before, ...first], more.slice(middle)))];
  };

  const taken = await fitting([], headers);
  if (taken.length === 0) {
    throw new KheadersError(
      "compile-failed",
      `no header compiles: ${leftOut[0]?.error ?? "none was given"}`,
      {
        hint: "`kheaders check` shows what is wrong with each.",
      },
    );
  }
  // The last compilation may have been one that failed.
  if (leftOut.length > 0) await compile(taken, object, options);
  return { object, headers: taken, leftOut };
}

/** @returns the first error; undefined if they compile. */
async function compile(
  headers: readonly string[],
  object: string,
  { clang, flags, signal }: UnitOptions,
): Promise<string | undefined> {
  const input = headers.map((header) => `#include <${header}>\n`).join("");
  const args = [...flags, "-fno-color-diagnostics", "-w", "-x", "c", "-c", "-o", object, "-"];
  const { status, stderr } = await runTool(clang, args, { signal, input, hint: clangHint });
  if (status === 0) return undefined;
  return stderr.split("\n").find((line) => /\berror: /.test(line)) ?? `clang ended with status ${status}`;
}
