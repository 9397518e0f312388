import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A program that ran to its end. */
export interface Ended {
  readonly stdout: string;
  /** From its start to the end of its output, in milliseconds. */
  readonly ms: number;
}

/**
 * Runs a program that must succeed.
 *
 * @throws Error with what it printed where its status is not 0.
 */
export function runTimed(command: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
  const [program = "", ...args] = command;
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.once("error", reject);
    child.once("close", (status, signal) => {
      const ms = performance.now() - started;
      if (status === 0) resolve({ stdout, ms });
      else
        reject(
          new Error(`${command.join(" ")} ended with ${signal ?? `status ${status}`}:\n${stdout}${stderr}`),
        );
    });
  });
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
