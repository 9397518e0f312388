import { join, resolve } from "node:path";
import { KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import { runTool } from "../process/tool.js";

const oldestClang = 14;
/** What to do if there is no usable clang. */
export const clangHint = `Install clang ${oldestClang} or later (Debian: apt install clang llvm), or name it with --clang.`;
const llcHint =
  "Install the rest of LLVM in clang's version (Debian: apt install llvm), or name a clang that has it with --clang. " +
  "The clang of Android's NDK has none.";

/** The programs that turn C into eBPF. */
export interface BpfTools {
  readonly clang: string;
  /** Of clang's version. */
  readonly llc: string;
}

/**
 * The folder of clang's own headers (`stddef.h`, `stdarg.h`), which stand in for the C library's.
 *
 * @throws KheadersError `tool-missing` if there is no such clang, or it fails.
 */
export async function clangIncludeFolder(clang: string, signal: AbortSignal): Promise<string> {
  // A clang that is named by a relative path may print one.
  return join(resolve(await answer(clang, "-print-resource-dir", clangHint, signal)), "include");
}

/** A usable clang. */
export interface Clang {
  /** Its whole version text: that of another build of clang differs. */
  readonly version: string;
  /** As {@link clangIncludeFolder} gives it. */
  readonly includeFolder: string;
}

/**
 * Asks a clang for its version and its headers.
 *
 * @throws KheadersError `tool-missing` if it is missing or too old.
 */
export async function findClang(clang: string, signal: AbortSignal): Promise<Clang> {
  const [number, version, includeFolder] = await Promise.all([
    answer(clang, "-dumpversion", clangHint, signal),
    answer(clang, "--version", clangHint, signal),
    clangIncludeFolder(clang, signal),
  ]);
  majorOf(clang, number);
  return { version, includeFolder };
}

/**
 * Finds the llc that belongs to a clang: the one beside it, else the one in PATH. Each writes and reads LLVM's
 * intermediate language of its own version.
 *
 * @throws KheadersError `tool-missing` if clang or llc is missing or too old, or their versions differ.
 */
export async function findBpfTools(clang: string, signal: AbortSignal): Promise<BpfTools> {
  const [version, llc] = await Promise.all([
    answer(clang, "-dumpversion", clangHint, signal),
    answer(clang, "-print-prog-name=llc", clangHint, signal),
  ]);
  const major = majorOf(clang, version);
  const llcVersion = /LLVM version (\d+)\S*/.exec(await answer(llc, "--version", llcHint, signal));
  if (Number(llcVersion?.[1]) !== major) {
    const its = llcVersion?.[0] ?? "of unknown version";
    throw new KheadersError(
      "tool-missing",
      `${printable(clang, 4096)} is of version ${printable(version)}, ${printable(llc, 4096)} is ${printable(its)}`,
      { hint: llcHint },
    );
  }
  return { clang, llc };
}

/** The first number of clang's version. @throws KheadersError `tool-missing` if that is too old. */
function majorOf(clang: string, version: string): number {
  const major = Number.parseInt(version, 10);
  if (major >= oldestClang) return major;
  const said = printable(version);
  throw new KheadersError("tool-missing", `${printable(clang, 4096)} version ${said} is too old`, {
    hint: clangHint,
  });
}

/** What a tool prints for one option. */
async function answer(tool: string, option: string, hint: string, signal: AbortSignal): Promise<string> {
  const { status, stdout } = await runTool(tool, [option], { signal, hint });
  if (status === 0) return stdout.trim();
  throw new KheadersError("tool-missing", `${printable(tool, 4096)} does not work: status ${status}`, {
    hint,
  });
}
