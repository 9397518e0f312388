import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { errnoOf } from "../../shared/errors.js";
import { statusOf, toolResult } from "./child.js";

/** How a tool ended. */
export interface ToolRun {
  /** Its exit status, as a shell gives it. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Whether it was ended because it printed more than it may. */
  readonly isCut: boolean;
}

/** How to run a tool. */
export interface ToolOptions {
  /** Ends the tool; the signal's reason is thrown. */
  readonly signal: AbortSignal;
  /** Its standard input. */
  readonly input?: string;
  /** The most bytes that it may print on either stream; a tool that prints more is ended. */
  readonly maxOutputBytes?: number;
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
  const { maxOutputBytes = Number.POSITIVE_INFINITY } = options;
  let isCut = false;
  const cut = () => {
    isCut = true;
    child.kill("SIGKILL");
  };
  const read = (stream: Readable) => textUpTo(maxOutputBytes, stream, cut);
  const ended = Promise.all([statusOf(child, "close"), read(child.stdout), read(child.stderr)]);
  const [status, stdout, stderr] = await toolResult(ended, program, options);
  return { status, stdout, stderr, isCut };
}

/** The text of a stream. If it is more than `maxBytes`, `onMore` is called, and the stream closed. */
async function textUpTo(maxBytes: number, stream: Readable, onMore: () => void): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > maxBytes) {
      onMore();
      break;
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
