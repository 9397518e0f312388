import { describe, expect, it } from "vitest";
import { NameTable } from "../../../../host/compare/diff/name-table.js";

describe("names in two texts", () => {
  const [one, other] = [Buffer.from("list list_head a"), Buffer.from("list_head list")];
  const table = new NameTable([one, other], 8);
  const number = (side: 0 | 1, name: string, tag?: number) => {
    const start = (side === 0 ? one : other).indexOf(name);
    return table.numberOf(side, start, start + name.length, tag);
  };

  it("have numbers in their order, the same one for the same name", () => {
    expect([number(0, "list"), number(0, "list_head"), number(0, "a")]).toEqual([0, 1, 2]);
    expect([number(1, "list_head"), number(1, "list")]).toEqual([1, 0]);
    expect(number(1, "list", 1)).toBe(3);
    expect(table.count).toBe(4);
    expect([0, 1, 2, 3].map((name) => table.nameOf(name))).toEqual(["list", "list_head", "a", "list"]);
  });

  it("are sorted by their bytes", () => {
    expect(table.isLess(2, 0)).toBe(true);
    expect(table.isLess(0, 1)).toBe(true);
    expect(table.isLess(1, 0)).toBe(false);
    expect(table.isLess(0, 3)).toBe(false);
  });
});
