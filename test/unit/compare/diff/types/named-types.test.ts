import { describe, expect, it } from "vitest";
import { haveSameName, pairNamedTypes } from "../../../../../host/compare/diff/types/named-types.js";
import { Btf } from "../../../../../host/kernel/btf/btf.js";
import { rawBtf, rawInt, rawStruct } from "../../../../support/raw-btf.js";

const named = (old: Parameters<typeof rawBtf>[0], now: Parameters<typeof rawBtf>[0]) => [
  ...pairNamedTypes(new Btf(rawBtf(old)).words(), new Btf(rawBtf(now)).words()),
];

describe("the named types of two kernels", () => {
  it("are structs, unions and enums, and typedefs of those without a name, by kind and name", () => {
    const old = [
      rawInt("int", 4),
      rawStruct("list", 4, [["x", 1, 0]]),
      rawStruct("", 4, [["x", 1, 0]]),
      { kind: "typedef", name: "list_t", third: 3 },
      { kind: "typedef", name: "other_t", third: 2 },
      { kind: "typedef", name: "number_t", third: 1 },
      { kind: "enum64", name: "color", third: 8 },
      { kind: "forward", name: "hidden" },
      rawStruct("list", 8, []),
      { kind: "function", name: "list", third: 0 },
    ] as const;
    const now = [
      { kind: "enum", name: "color", third: 4 },
      { kind: "union", name: "list", third: 4 },
      rawStruct("list", 4, []),
    ] as const;
    expect(named(old, now)).toEqual([
      { kind: "struct", isTypedef: false, old: [2, 9], new: [3] },
      { kind: "struct", isTypedef: true, old: [4], new: [] },
      { kind: "enum", isTypedef: false, old: [7], new: [1] },
      { kind: "union", isTypedef: false, old: [], new: [2] },
    ]);
  });

  it("have names of which none is too long", () => {
    const types = [rawStruct("x".repeat(600), 0, [])];
    expect(() => named(types, types)).toThrow(/too long/);
  });
});

describe("two names", () => {
  it("are the same to their end", () => {
    const names = Buffer.from("\0list\0list_head\0");
    expect(haveSameName(names, 1, names, 1)).toBe(true);
    expect(haveSameName(names, 1, names, 6)).toBe(false);
    expect(haveSameName(names, 6, names, 1)).toBe(false);
    expect(haveSameName(names, 1, Buffer.from("list"), 0)).toBe(false);
  });
});
