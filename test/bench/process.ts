import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, type Stream } from "node:stream";
import type { Took } from "./bench-case.js";

/** A program that ran to its end. */
export interface Ended extends Took {
  readonly stdout: string;
}

/**
 * Runs the rest of its arguments, and writes to descriptor 3 how long that took: seconds by the clock, of user and of system
 * time, the latter two of all processes that it waited for. Of all shells, bash alone tells milliseconds.
 */
const timing = `TIMEFORMAT='%3R %3U %3S'
{ time "$@" 2>&4 3>&- 4>&-; } 4>&2 2>&3`;

/**
 * Runs a program that must succeed.
 *
 * @throws Error with what it printed where its status is not 0.
 */
export function runTimed(command: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn("bash", ["-c", timing, "bench", ...command], {
      env,
      stdio: ["ignore", "pipe", "pipe", "pipe"],
    });
    const [, stdout, stderr, times] = child.stdio.map((stream) => textOf(stream));
    child.once("error", reject);
    child.once("close", (status, signal) => {
      const took = parseTimes(times?.() ?? "");
      if (status === 0 && took !== undefined) resolve({ stdout: stdout?.() ?? "", ...took });
      else {
        const said = `${stdout?.()}${stderr?.()}`;
        reject(new Error(`${command.join(" ")} ended with ${signal ?? `status ${status}`}:\n${said}`));
      }
    });
  });
}

/** Collects what comes out of a stream. */
function textOf(stream: Stream | null | undefined): () => string {
  let text = "";
  if (stream instanceof Readable)
    stream.setEncoding("utf8").on("data", (more: string) => {
      text += more;
    });
  return () => text;
}

/** Parses what `timing` writes. */
export function parseTimes(text: string): Took | undefined {
  const [, wall, user, system] = /^(\d+\.\d+) (\d+\.\d+) (\d+\.\d+)\n$/.exec(text) ?? [];
  if (wall === undefined) return undefined;
  return { wall: Number(wall) * 1000, cpu: (Number(user) + Number(system)) * 1000 };
}

/** Loaded into a Node process before its own code: writes the most memory it ever had into a file when it ends. */
const reporter = `
import { writeFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";
if (isMainThread) process.on("exit", () => {
  writeFileSync(process.env.KHEADERS_BENCH_MEMORY, String(process.resourceUsage().maxRSS));
});`;

/**
 * Runs a Node program that must succeed, and gives the most memory that it had at any moment (getrusage(2),
 * `ru_maxrss`), in bytes. Asking for it takes a few milliseconds, so such a run is not timed.
 */
export async function peakMemoryOf(command: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "kheaders-bench-memory-"));
  const file = join(folder, "kilobytes");
  try {
    await runTimed(command, {
      ...env,
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(reporter)}`,
      KHEADERS_BENCH_MEMORY: file,
    });
    return Number(await readFile(file, "utf8")) * 1024;
  } finally {
    await rm(folder, { recursive: true });
  }
}
