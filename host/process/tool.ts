import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { errnoOf } from "../../shared/errors.js";
import { statusOf, toolResult } from "./child.js";

/** How a tool ended. */
export interface ToolRun {
  /** Its exit status, as a shell gives it. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to run a tool. */
export interface ToolOptions {
  /** Ends the tool; the signal's reason is thrown. */
  readonly signal: AbortSignal;
  /** Its standard input. */
  readonly input?: string;
  /** What to do if the tool is not installed. */
  readonly hint: string;
}

/** Runs a tool of the workstation to its end, and returns its output. Throws `tool-missing` if it cannot be run. */
export async function runTool(
  program: string,
  args: readonly string[],
  options: ToolOptions,
): Promise<ToolRun> {
  const { signal, input = "" } = options;
  signal.throwIfAborted();
  const child = spawn(program, args, { stdio: "pipe", signal, killSignal: "SIGKILL" });
  // A tool that ends before it has read everything says why by its status.
  child.stdin.on("error", (error) => {
    if (errnoOf(error) !== "EPIPE" && errnoOf(error) !== "ECONNRESET") child.emit("error", error);
  });
  child.stdin.end(input);
  const ended = Promise.all([statusOf(child, "close"), text(child.stdout), text(child.stderr)]);
  const [status, stdout, stderr] = await toolResult(ended, program, options);
  return { status, stdout, stderr };
}
