import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/** Commands whose work goes wrong in several ways. */
const program = `
import { runCommand } from "./host/cli/run.js";
const [work, timeout, endingMilliseconds] = process.argv.slice(2);
const say = (text) => process.stderr.write(text + "\\n");
const never = () => new Promise(() => setInterval(() => {}, 1000));
const works = {
  deaf: never,
  async blocked({ signal }) {
    signal.addEventListener("abort", () => {
      say("aborted");
      setTimeout(() => { say("blocked"); for (;;); }, 1);
    });
    return never();
  },
  polite: ({ signal }) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))).finally(() => say("clean")),
  broken: async () => { throw new TypeError("x is undefined"); },
  hostile: async () => ({ json: [{ text: "\\u009b31m\\u202e\\u200b" }], lines: [] }),
};
setInterval(() => {}, 1000);
void runCommand(
  { json: true, timeout: Number(timeout), s: ["R5CT30"] },
  (context) => {
    say("started");
    return works[work](context);
  },
  { endingMilliseconds: Number(endingMilliseconds) },
);
`;

let folder: string;
let file: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "kheaders-run-"));
  file = join(folder, "program.cjs");
  await build({
    stdin: { contents: program, resolveDir: fileURLToPath(new URL("../../..", import.meta.url)) },
    bundle: true,
    platform: "node",
    format: "cjs",
    outfile: file,
    logLevel: "warning",
  });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The program as it runs. */
class Running {
  readonly #child: ChildProcess;
  readonly ended: Promise<{ status: number | null; signal: NodeJS.Signals | null }>;
  stdout = "";
  stderr = "";

  constructor(work: string, { timeout = 1000, endingMilliseconds = 100_000 } = {}) {
    const args = [file, work, String(timeout), String(endingMilliseconds)];
    this.#child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    this.#child.stdout?.on("data", (text) => (this.stdout += text));
    this.#child.stderr?.on("data", (text) => (this.stderr += text));
    this.ended = once(this.#child, "close").then(([status, signal]) => ({ status, signal }));
  }

  async says(text: string): Promise<void> {
    while (!this.stderr.includes(text)) {
      if (this.#child.exitCode !== null) throw new Error(`it never said "${text}": ${this.stderr}`);
      await Promise.race([once(this.#child.stderr as NodeJS.ReadableStream, "data"), this.ended]);
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }
}

describe("Ctrl-C", () => {
  it("lets the work clean up, and ends with status 130", async () => {
    const running = new Running("polite");
    await running.says("started");
    running.signal("SIGINT");
    expect(await running.ended).toEqual({ status: 130, signal: null });
    expect(running.stderr).toBe("started\nclean\nkheaders: interrupted\n");
    expect(JSON.parse(running.stdout)).toMatchObject({ serial: "R5CT30", error: { code: "interrupted" } });
  });

  it("given twice ends a command at once, even one that does not come round to notice it", async () => {
    const running = new Running("blocked");
    await running.says("started");
    running.signal("SIGINT");
    await running.says("blocked");
    running.signal("SIGINT");
    expect(await running.ended).toEqual({ status: null, signal: "SIGINT" });
  });

  it("ends a command that does not hear it, too, after some time", async () => {
    const running = new Running("deaf", { endingMilliseconds: 1 });
    await running.says("started");
    running.signal("SIGTERM");
    expect(await running.ended).toEqual({ status: 143, signal: null });
    expect(running.stderr).toContain("kheaders: terminated\n");
  });
});

describe("--timeout", () => {
  it("ends a command that does not hear it", async () => {
    const running = new Running("deaf", { timeout: 0.01, endingMilliseconds: 1 });
    expect(await running.ended).toEqual({ status: 6, signal: null });
    expect(running.stderr).toContain("kheaders: gave up after 0.01 s\n");
  });
});

describe("the result", () => {
  it("is JSON that a terminal shows as it is", async () => {
    const running = new Running("hostile");
    expect(await running.ended).toEqual({ status: 0, signal: null });
    expect(running.stdout).toBe('{"text":"\\u009b31m\\u202e\\u200b"}\n');
  });

  it("is status 70 for a bug in kheaders, which asks for a report", async () => {
    const running = new Running("broken");
    expect(await running.ended).toEqual({ status: 70, signal: null });
    expect(running.stderr).toMatch(/kheaders: this is a bug in kheaders: TypeError: x is undefined/);
    expect(running.stderr).toContain("Please report it, with the command that you ran.");
    expect(JSON.parse(running.stdout)).toMatchObject({ error: { code: "internal-error" } });
  });
});
