import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { errnoOf, KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import { shellStatus } from "./child.js";

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
  /** What to do where it is not there. */
  readonly hint: string;
}

/**
 * Runs a tool of the workstation to its end, and keeps what it says.
 *
 * @throws KheadersError `tool-missing` where it cannot be run; the signal's reason when it aborts.
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
    throw new KheadersError("tool-missing", `${printable(program, 4096)} ${reasonOf(cause)}`, {
      hint,
      cause,
    });
  }
}

function reasonOf(cause: unknown): string {
  if (errnoOf(cause) === "ENOENT") return "was not found";
  // A folder of PATH that may not be looked into gives the same error as a program that may not be run.
  if (errnoOf(cause) === "EACCES") return "was not found, or may not be run";
  return "cannot be run";
}
