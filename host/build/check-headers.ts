import { availableParallelism } from "node:os";
import { readTreeFacts } from "../kernel/tree-facts.js";
import { runTool } from "../process/tool.js";
import { ignore, neverAborts, type Optional } from "../pull/options.js";
import { clangHint, clangIncludeFolder } from "./clang.js";
import { compilerFlags } from "./compiler-flags.js";
import { programFor, type TracerHeader, tracerHeaders } from "./tracer-headers.js";
import { headerWarnings } from "./tree-warnings.js";

/** How to check a tree. */
export interface CheckHeadersOptions {
  /** Absolute path. */
  readonly tree: string;
  /** A path, or a name in PATH. */
  readonly clang: string;
  readonly signal: AbortSignal;
  /** Called after each header. */
  readonly onProgress: (done: number, total: number) => void;
  /** Gets a message for each problem of the headers that does not keep them from compiling. */
  readonly onWarning: (message: string) => void;
}

/** Whether a program that includes a header compiles. */
export interface HeaderCheck {
  readonly header: string;
  /** The compiler's first error, without the program's name; undefined if it compiles. */
  readonly error: string | undefined;
}

/**
 * Compiles, for each header that tracers use, a small program that includes it, as the clang step of compiling it to eBPF does.
 *
 * @throws KheadersError `usage` if it is not a kernel header tree; `tool-missing` if there is no clang; the signal's reason.
 */
export async function checkHeaders(
  options: Pick<CheckHeadersOptions, "tree"> & Optional<CheckHeadersOptions>,
): Promise<HeaderCheck[]> {
  const { tree, clang = "clang", signal = neverAborts() } = options;
  const { onProgress = ignore, onWarning = ignore } = options;
  const facts = readTreeFacts(tree);
  for (const message of headerWarnings(facts)) onWarning(message);
  const flags = compilerFlags(facts, "bpf", await clangIncludeFolder(clang, signal));
  const args = [...flags, "-fno-color-diagnostics", "-x", "c", "-c", "-emit-llvm", "-o", "/dev/null", "-"];
  const check = async (tracerHeader: TracerHeader): Promise<HeaderCheck> => {
    const input = programFor(tracerHeader);
    const { status, stderr } = await runTool(clang, args, { signal, input, hint: clangHint });
    return { header: tracerHeader.header, error: status === 0 ? undefined : firstError(stderr, status) };
  };

  const checks: HeaderCheck[] = [];
  let done = 0;
  const waiting = tracerHeaders.entries();
  const work = async () => {
    for (const [index, tracerHeader] of waiting) {
      checks[index] = await check(tracerHeader);
      done += 1;
      onProgress(done, tracerHeaders.length);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return checks;
}

/** The first error that clang printed, with its place unless that is the program itself. */
function firstError(diagnostics: string, status: number): string {
  const line = diagnostics.split("\n").find((text) => /\berror: /.test(text));
  return line?.replace(/^<stdin>:\d+:\d+: /, "") ?? `clang ended with status ${status}`;
}
