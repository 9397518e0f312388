import { spawn } from "node:child_process";
import { endingMilliseconds, signalGroup, statusOf, toolResult } from "./child.js";

/** How to run a build. */
export interface BuildOptions {
  /** Ends the build and all that it started; the signal's reason is thrown. */
  readonly signal: AbortSignal;
  /** Gets what the build prints, on either stream, as it comes. */
  readonly onOutput: (text: Uint8Array) => void;
  /** What to do if the program is not installed. */
  readonly hint: string;
}

/** Runs a build to its end, and returns its exit status, as a shell gives it. Throws `tool-missing` if it cannot be run. */
export async function runBuild(
  program: string,
  args: readonly string[],
  options: BuildOptions,
): Promise<number> {
  const { signal, onOutput } = options;
  signal.throwIfAborted();
  // A process group of its own: what make starts ends with it.
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
  child.stdout.on("data", onOutput);
  child.stderr.on("data", onOutput);
  let killTimer: NodeJS.Timeout | undefined;
  const abort = () => {
    signalGroup(child.pid, "SIGTERM");
    killTimer = setTimeout(() => signalGroup(child.pid, "SIGKILL"), endingMilliseconds);
  };
  signal.addEventListener("abort", abort);
  try {
    return await toolResult(statusOf(child, "close"), program, options);
  } finally {
    clearTimeout(killTimer);
    signal.removeEventListener("abort", abort);
  }
}
