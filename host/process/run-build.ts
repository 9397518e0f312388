import { spawn } from "node:child_process";
import { endingMilliseconds, notStarted, shellStatus, signalGroup } from "./child.js";

/** How to run a build. */
export interface BuildOptions {
  /** Ends it, with all that it started; what is thrown then is the signal's reason. */
  readonly signal: AbortSignal;
  /** Is told what it prints, on either stream, as it comes. */
  readonly onOutput: (text: Uint8Array) => void;
  /** What to do if the program is not installed. */
  readonly hint: string;
}

/**
 * Runs a build to its end.
 *
 * @returns its exit status, as a shell gives it.
 * @throws KheadersError `tool-missing` if it cannot be run; the signal's reason when it aborts.
 */
export async function runBuild(
  program: string,
  args: readonly string[],
  options: BuildOptions,
): Promise<number> {
  const { signal, onOutput, hint } = options;
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
    const status = await new Promise<number>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code, name) => resolve(shellStatus(code, name)));
    });
    signal.throwIfAborted();
    return status;
  } catch (cause) {
    signal.throwIfAborted();
    throw notStarted("tool-missing", program, cause, hint);
  } finally {
    clearTimeout(killTimer);
    signal.removeEventListener("abort", abort);
  }
}
