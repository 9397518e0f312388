import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { parseStat, processorTimeOf, timeOfTrees } from "../../bench/processor-time.js";
import { skipBecause } from "../../support/skip.js";

const after = "0 -1 4194560 1 2 3 4";
const stat = (pid: number, name: string, parent: number, times: string) =>
  `${pid} (${name}) S ${parent} ${pid} 1 ${after} ${times} 20 0 1 0 100 1000 10\n`;

it("is of a process and of the children that it has waited for", () => {
  expect(parseStat(stat(42, "adbd", 1, "1 2 30 40"))).toEqual({ pid: 42, parent: 1, cpu: 730 });
});

it("is found behind any name", () => {
  expect(parseStat(stat(42, "a) S 7 (b", 1, "1 0 0 0"))).toEqual({ pid: 42, parent: 1, cpu: 10 });
});

it.each(["", "42", "42 (adbd) S", stat(42, "adbd", 1, "x y z w")])("is not in %j", (text) => {
  expect(parseStat(text)).toBeUndefined();
});

it("is added up over all that descends from some processes", () => {
  const of = (pid: number, parent: number) => ({ pid, parent, cpu: 10 ** pid });
  // Children may come before their parents.
  const stats = [of(5, 4), of(4, 2), of(1, 0), of(2, 1), of(3, 1)];
  expect(timeOfTrees(stats, [2])).toBe(110_100);
  expect(timeOfTrees(stats, [4, 3])).toBe(111_000);
  expect(timeOfTrees(stats, [9])).toBe(0);
});

if (process.platform === "linux")
  it("grows with what a child of this process computes", () => {
    const before = processorTimeOf([process.pid]);
    const script = "i=0; while [ $i -lt 300000 ]; do i=$((i + 1)); done";
    expect(spawnSync("sh", ["-c", script]).status).toBe(0);
    expect(processorTimeOf([process.pid])).toBeGreaterThan(before);
  });
else skipBecause("there is no /proc", "the processor time of processes");
