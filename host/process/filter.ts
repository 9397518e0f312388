import { type ChildProcess, spawn } from "node:child_process";
import { Readable, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { errnoOf } from "../../shared/errors.js";
import { notStarted, statusOf } from "./child.js";

/** How to run a filter. */
export interface FilterOptions {
  readonly signal: AbortSignal | undefined;
  /** What to do if the program is not installed. */
  readonly hint: string;
  /** The error to throw if the program ends with another status than 0. */
  readonly failed: (status: number) => Error;
}

/** What a program that ended early, or was ended, does to the pipe to it. Its status says more. */
const brokenPipe = new Set(["EPIPE", "ECONNRESET", "ERR_STREAM_PREMATURE_CLOSE", "ABORT_ERR"]);

/**
 * What a program makes of its standard input, as it comes. The program ends with the generator, at the latest.
 *
 * Throws `tool-missing` if it cannot be run, what the input throws, the signal's reason, or what `failed` gives.
 */
export async function* filter(
  input: AsyncIterable<Uint8Array>,
  program: string,
  args: readonly string[],
  options: FilterOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { signal, hint, failed } = options;
  signal?.throwIfAborted();
  // A Ctrl-C at the terminal is meant for kheaders alone.
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "ignore"], detached: true });
  await started(child).catch((cause: unknown) => {
    throw notStarted("tool-missing", program, cause, hint);
  });
  const ended = statusOf(child, "exit");
  const kill = () => child.kill("SIGKILL");
  signal?.addEventListener("abort", kill);
  const fed = feed(input, child.stdin);
  // The program would wait for the rest for ever.
  void fed.then((error) => error !== undefined && kill());
  try {
    for await (const chunk of child.stdout) yield chunk;
    const status = await ended;
    signal?.throwIfAborted();
    const error = await fed;
    if (error !== undefined) throw error;
    if (status !== 0) throw failed(status);
  } finally {
    signal?.removeEventListener("abort", kill);
    kill();
    child.stdin.destroy();
    child.stdout.destroy();
    await Promise.all([fed, ended]);
  }
}

function started(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
}

/** Gives the error of the input, if it has one. */
async function feed(input: AsyncIterable<Uint8Array>, stdin: Writable): Promise<unknown> {
  try {
    await pipeline(Readable.from(input, { objectMode: false }), stdin);
  } catch (error) {
    if (!brokenPipe.has(errnoOf(error) ?? "")) return error;
  }
  return undefined;
}
