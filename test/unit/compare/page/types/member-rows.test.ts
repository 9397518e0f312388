import { describe, expect, it } from "vitest";
import type { ShapeMember, TypeShape } from "../../../../../host/compare/diff/kernel-diff.js";
import { diffShapes } from "../../../../../host/compare/diff/types/members.js";
import { memberRows } from "../../../../../host/compare/page/types/member-rows.js";

const member = (path: string, byte: number, type = "long", bitSize = 64): ShapeMember => ({
  path,
  type,
  bitOffset: byte * 8,
  bitSize,
  isBitField: bitSize % 8 !== 0,
});
const shape = (...members: ShapeMember[]): TypeShape => ({ size: 64, members, values: [] });
const cells = (old: TypeShape, now: TypeShape) =>
  memberRows(diffShapes(old, now).members).map(({ text }) =>
    text
      .trim()
      .split(/<t[hd](?: [^>]*)?>/)
      .slice(1)
      .map((cell) => cell.replace(/<[^>]*>/g, "")),
  );

describe("the members that differ", () => {
  it("have what was and what is", () => {
    const old = shape(member("same", 0), member("a", 8), member("gone", 16));
    const now = shape(member("same", 0), member("a", 8, "struct x *", 32), member("bit", 16, "int", 3));
    expect(cells(old, now)).toEqual([
      ["a", "long → struct x *", "8", "8 → 4", "type and size"],
      ["gone", "long", "16", "8", "removed"],
      ["bit", "int", "16", "3 bits", "added"],
    ]);
  });

  it("are one row for members beside each other that moved by the same", () => {
    const names = ["a", "b", "c", "d"];
    const old = shape(...names.map((name, index) => member(name, index * 8)));
    const now = shape(member("new", 0), ...names.map((name, index) => member(name, index * 8 + 8)));
    expect(cells(old, now)).toEqual([
      ["new", "long", "0", "8", "added"],
      ["a … d", "4 members", "0 → 8", "", "moved by +8 bytes"],
    ]);
  });

  it("are rows of their own where few moved", () => {
    const old = shape(member("a", 0), member("b", 8), member("c", 16));
    const now = shape(member("a", 8), member("b", 16), member("c", 32));
    expect(cells(old, now).map(([name, , , , change]) => `${name} ${change}`)).toEqual([
      "a moved by +8 bytes",
      "b moved by +8 bytes",
      "c moved by +16 bytes",
    ]);
  });

  it("are the values of an enum, however large", () => {
    const values = (...all: [string, bigint][]): TypeShape => ({
      size: 8,
      members: [],
      values: all.map(([name, value]) => ({ name, value })),
    });
    expect(cells(values(["A", 1n], ["B", 2n]), values(["B", 2n ** 63n], ["C", -1n]))).toEqual([
      ["A", "1", "", "removed"],
      ["B", "2", "9223372036854775808", "value"],
      ["C", "", "-1", "added"],
    ]);
  });
});
