import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { errnoOf } from "../../shared/errors.js";
import { notStarted, shellStatus } from "./child.js";

/** How a tool ended. */
export interface ToolRun {
  /** Its exit status, as a shell tells it. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to run a tool. */
export interface ToolOptions {
  /** Ends the tool; what is thrown then is the signal's reason. */
  readonly signal: AbortSignal;
  /** What it reads from standard input. */
  readonly input?: string;
  /** What to do if it is not installed. */
  readonly hint: string;
}

/**
 * Runs a tool of the workstation to its end, and keeps what it says.
 *
 * @throws KheadersError `tool-missing` if it cannot be run; the signal's reason when it aborts.
 */
export async function runTool(
  program: string,
  args: readonly string[],
  options: ToolOptions,
): Promise<ToolRun> {
  const { signal, input = "", hint } = options;
  signal.throwIfAborted();
  const child = spawn(program, args, { stdio: "pipe", signal, killSignal: "SIGKILL" });
  const ended = new Promise<number>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status, name) => resolve(shellStatus(status, name)));
  });
  // A tool that ends before it has read everything says why by its status.
  child.stdin.on("error", (error) => {
    if (errnoOf(error) !== "EPIPE" && errnoOf(error) !== "ECONNRESET") child.emit("error", error);
  });
  child.stdin.end(input);
  try {
    const [status, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
    signal.throwIfAborted();
    return { status, stdout, stderr };
  } catch (cause) {
    signal.throwIfAborted();
    throw notStarted("tool-missing", program, cause, hint);
  }
}
