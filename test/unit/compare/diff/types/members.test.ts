import { describe, expect, it } from "vitest";
import type { ShapeMember, TypeShape } from "../../../../../host/compare/diff/kernel-diff.js";
import { diffShapes, isSameShape } from "../../../../../host/compare/diff/types/members.js";

const member = (path: string, bitOffset: number, bitSize = 32): ShapeMember => ({
  path,
  type: "int",
  bitOffset,
  bitSize,
  isBitField: false,
});
const shape = (size: number, ...members: ShapeMember[]): TypeShape => ({ size, members, values: [] });
const changes = (old: TypeShape, now: TypeShape) =>
  diffShapes(old, now).members.map(({ change, path }) => `${change} ${path}`);

describe("the members of a type in two kernels", () => {
  it("stand in the order of the new one, and what was removed where it was", () => {
    const old = shape(16, member("a", 0), member("gone", 32), member("b", 64), member("last", 96));
    const now = shape(16, member("first", 0), member("a", 32), member("b", 64));
    expect(changes(old, now)).toEqual(["added first", "changed a", "removed gone", "same b", "removed last"]);
    expect(changes(now, old)).toEqual(["removed first", "changed a", "added gone", "same b", "added last"]);
  });

  it("are paired by name wherever they stand, each once", () => {
    const old = shape(8, member("a", 0), member("b", 32));
    const swapped = shape(8, member("b", 32), member("a", 0));
    expect(changes(old, swapped)).toEqual(["same b", "same a"]);
    expect(isSameShape(diffShapes(old, swapped))).toBe(true);
    const twice = shape(8, member("a", 0), member("a", 32));
    expect(changes(twice, twice)).toEqual(["same a", "same a"]);
    expect(changes(twice, old)).toEqual(["same a", "removed a", "added b"]);
  });

  it("are not the same in a type of another size", () => {
    expect(isSameShape(diffShapes(shape(8, member("a", 0)), shape(4, member("a", 0))))).toBe(false);
  });
});
