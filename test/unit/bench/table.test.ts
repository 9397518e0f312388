import { expect, it } from "vitest";
import type { Amount, Race } from "../../bench/bench-case.js";
import { amountResult, raceResult } from "../../bench/result.js";
import { resultTable } from "../../bench/table.js";

const race: Race = {
  kind: "race",
  name: "unpack",
  ours: "archive to tree",
  theirs: "tar -xJf",
  goals: { wall: { atMost: 1.4, aim: 1.15 } },
  prepare: () => expect.unreachable(),
};
const amount: Amount = {
  kind: "amount",
  name: "memory",
  ours: "the most memory",
  goal: { atMost: 120e6, aim: 100e6 },
  measure: () => expect.unreachable(),
};
const pair = (wall: number, cpu: number) => ({ ours: { wall, cpu }, theirs: { wall: 100, cpu: 50 } });
const columns = (line: string | undefined) => line?.trim().split(/ {2,}/);

it("has a line for each case and place: medians, quartiles of the ratios, and the goals that are missed", () => {
  const pairs = [pair(120, 100), pair(150, 110), pair(200, 90), pair(160, 100), pair(140, 100)];
  const [heading, line, , legend] = resultTable([raceResult(race, "tmpfs", pairs)]);
  expect(columns(heading)?.slice(0, 3)).toEqual(["CASE", "ON", "WALL, OURS"]);
  expect(columns(line)).toEqual([
    ...["unpack", "tmpfs", "150 ms", "100 ms", "1.50 (1.40-1.60)", "1.4 (1.15) missed"],
    ...["100 ms", "50.0 ms", "2.00 (2.00-2.00)", "-"],
  ]);
  expect(legend).toBe("unpack: archive to tree, against tar -xJf");
});

it("says once what a case is that was measured in two places, with what was found", () => {
  const results = (["tmpfs", "disk"] as const).map((place) =>
    raceResult(race, place, [pair(1, 1)], "a note"),
  );
  const lines = resultTable(results);
  expect(lines.filter((line) => line.startsWith("unpack "))).toHaveLength(2);
  expect(lines.filter((line) => line.startsWith("unpack: "))).toEqual([
    "unpack: archive to tree, against tar -xJf; a note",
  ]);
});

it("has amounts apart, against another one or against a number of bytes", () => {
  const against = { ...amount, name: "disk", theirs: "the first", goal: { atMost: 0.14, aim: 0.12 } };
  const [, memory, disk] = resultTable([
    amountResult(amount, "disk", { ours: 130e6 }),
    amountResult(against, "disk", { ours: 6e6, theirs: 60e6 }),
  ]);
  expect(columns(memory)).toEqual(["memory", "130.0 MB", "-", "-", "120.0 MB (100.0 MB) missed"]);
  expect(columns(disk)).toEqual(["disk", "6.0 MB", "60.0 MB", "0.10", "0.14 (0.12)"]);
});
