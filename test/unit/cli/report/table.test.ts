import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { type Column, table } from "../../../../host/cli/report/table.js";

it("a table has columns as wide as their widest cell, and a dash for an empty cell", () => {
  expect(
    table(
      ["SERIAL", "STATE"],
      [
        ["a", "device"],
        ["longer-than-that", ""],
      ],
    ),
  ).toEqual(["SERIAL            STATE", "a                 device", "longer-than-that  -"]);
});

it("a table shows no control character, and cuts a cell that is too long", () => {
  const [, row = ""] = table(["A"], [["\x1b[2J\n"]]);
  expect(row).toBe("\\x1b[2J\\n");
  expect(table(["A"], [["x".repeat(500)]])[1]).toHaveLength(120);
});

const columns: readonly Column[] = [
  { heading: "DIGEST" },
  { heading: "FINGERPRINT", min: 12, rank: 1 },
  { heading: "RELEASE", min: 8 },
  { heading: "VERSION", min: 8, rank: 2 },
];
const row = [
  "3f786850e387",
  "google/husky/husky:14/AP1A.240505.005",
  "6.1.57-android14-11",
  "#1 SMP PREEMPT",
];

/** The table on a terminal of so many columns, without its bold heading. */
function onTerminal(width: number): string[] {
  const lines = table(columns, [row], { isTTY: true, columns: width });
  return lines.map((line) => stripVTControlCharacters(line));
}

describe("a table on a terminal", () => {
  it("is whole where it fits, and where there is no terminal", () => {
    const whole = table(columns, [row]);
    expect(whole[1]).toBe(row.join("  "));
    expect(onTerminal(whole[1]?.length ?? 0)).toEqual(whole);
    expect(table(columns, [row], { isTTY: false, columns: 20 })).toEqual(whole);
  });

  it("cuts its widest cells first", () => {
    expect(onTerminal(70)[1]).toBe("3f786850e387  google/husky/husky…  6.1.57-android14-11  #1 SMP PREEMPT");
  });

  it("leaves out columns where cutting is not enough, and those of the highest rank first", () => {
    expect(onTerminal(45).map((line) => line.trim().split(/ {2,}/))).toEqual([
      ["DIGEST", "FINGERPRINT", "RELEASE"],
      ["3f786850e387", "google/husky/…", "6.1.57-android…"],
    ]);
    expect(onTerminal(30)[0]).toMatch(/^DIGEST +RELEASE$/);
  });

  it.each([22, 30, 45, 60, 80, 100])("is no wider than %d columns", (width) => {
    for (const line of onTerminal(width)) expect(line.length).toBeLessThanOrEqual(width);
  });
});
