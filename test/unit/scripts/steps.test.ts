import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { repository } from "../../support/repository.js";

/** Starts a shell that runs `steps` as scripts/test does. */
function start(steps: string) {
  const script = `. "${join(repository, "scripts/steps")}"; echo "run=$run"; ${steps}; sum_up_steps`;
  const shell = spawn("sh", ["-c", script], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  const waiting: (() => void)[] = [];
  shell.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    for (const look of waiting) look();
  });
  const says = (pattern: RegExp) =>
    new Promise<string>((resolve) => {
      const look = () => {
        const found = pattern.exec(output)?.[1];
        if (found !== undefined) resolve(found);
      };
      waiting.push(look);
      look();
    });
  const ended = once(shell, "close").then(([status]) => ({ status, output }));
  return { shell, says, ended };
}

function isRunning(pid: number): boolean {
  try {
    // What has ended and waits to be collected does not run.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

describe("the steps of scripts/test", () => {
  it("all run, also after one that fails, and are summed up", async () => {
    const { status, output } = await start("step one false; step two true; step three sh -c 'exit 3'").ended;
    expect(output).toMatch(
      /\n== Summary.*\nFAILED {3}0:\d\d {2}one\npassed {3}0:\d\d {2}two\nFAILED {3}0:\d\d {2}three\n$/,
    );
    expect(status).toBe(1);
  });

  it("end with 0 if all pass, and leave no process and no file of theirs", async () => {
    const steps = start(`step one sh -c 'touch $TMPDIR/file; setsid sleep 600 >/dev/null & echo left=$!'`);
    const left = Number(await steps.says(/left=(\d+)/));
    const { status, output } = await steps.ended;
    expect(status).toBe(0);
    await expect.poll(() => isRunning(left), { timeout: 60_000 }).toBe(false);
    expect(existsSync(/run=(.+)/.exec(output)?.[1] ?? "")).toBe(false);
  });

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("end with all that they started at a %s to the runner alone", async (signal, expected) => {
    const steps = start(
      `step one true; step two sh -c 'setsid sleep 600 >/dev/null & echo pids=$$.$!.; wait'; step three true`,
    );
    const pids = (await steps.says(/pids=([\d.]+)\./)).split(".").map(Number);
    expect(pids.map(isRunning)).toEqual([true, true]);
    steps.shell.kill(signal);
    const { status, output } = await steps.ended;
    expect(status).toBe(expected);
    // What was killed may still be on its way out.
    await expect.poll(() => pids.map(isRunning), { timeout: 60_000 }).toEqual([false, false]);
    expect(output).toMatch(/passed .* one\nended .* two\n$/);
    expect(existsSync(/run=(.+)/.exec(output)?.[1] ?? "")).toBe(false);
  });

  it("are found wrong by shellcheck if they are", () => {
    const { scripts } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8"));
    const all = execFileSync("grep", ["-lsE", "^#!/bin/sh", "-r", "scripts", ".ci"], { cwd: repository });
    for (const script of all.toString().trim().split("\n")) expect(scripts.check).toContain(script);
  });
});
