import { expect, it } from "vitest";
import { counted, formatAge, formatBytes } from "../../../../host/cli/report/units.js";

it.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [4_025_260, "4.0 MB"],
  [5e9, "5.00 GB"],
])("%d bytes are %j", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

it.each([
  [-1, "0 s"],
  [59_999, "59 s"],
  [60_000, "1 min"],
  [7_200_000, "2 h"],
  [200_000_000, "2 d"],
])("%d ms are %j", (milliseconds, text) => {
  expect(formatAge(milliseconds)).toBe(text);
});

it("a noun fits its number", () => {
  expect([0, 1, 2].map((count) => counted(count, "problem"))).toEqual([
    "0 problems",
    "1 problem",
    "2 problems",
  ]);
  expect(counted(2, "archive or tree", "archives and trees")).toBe("2 archives and trees");
});
