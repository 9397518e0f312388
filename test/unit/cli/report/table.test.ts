import { expect, it } from "vitest";
import { table } from "../../../../host/cli/report/table.js";

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
