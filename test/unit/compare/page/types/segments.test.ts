import { describe, expect, it } from "vitest";
import type { ShapeMember } from "../../../../../host/compare/diff/kernel-diff.js";
import { diffShapes } from "../../../../../host/compare/diff/types/members.js";
import { segmentsOf } from "../../../../../host/compare/page/types/segments.js";

const member = (path: string, byte: number, bytes = 8, type = "long"): ShapeMember => ({
  path,
  type,
  bitOffset: byte * 8,
  bitSize: bytes * 8,
  isBitField: false,
});
const segments = (side: "old" | "new", old: ShapeMember[], now: ShapeMember[]) =>
  segmentsOf(
    diffShapes({ size: 64, members: old, values: [] }, { size: 64, members: now, values: [] }),
    side,
  ).map(
    ({ start, end, state, delta, members }) =>
      `${start / 8}-${end / 8} ${state}${delta === 0 ? "" : ` ${delta / 8}`} ${members}`,
  );

describe("the parts of a struct", () => {
  it("are members beside each other that have the same state", () => {
    const old = [member("a", 0), member("b", 8), member("c", 16), member("d", 24), member("gone", 32)];
    const now = [member("a", 0), member("b", 8), member("x", 16), member("c", 24), member("d", 32)];
    expect(segments("old", old, now)).toEqual(["0-16 same 2", "16-32 moved 8 2", "32-40 removed 1"]);
    expect(segments("new", old, now)).toEqual(["0-16 same 2", "16-24 added 1", "24-40 moved 8 2"]);
  });

  it("are apart where bytes between are no member's, and where members moved by something else", () => {
    const old = [member("a", 0), member("b", 16), member("c", 24), member("d", 32)];
    const now = [member("a", 0), member("b", 16), member("c", 40), member("d", 56)];
    expect(segments("old", old, now)).toEqual([
      "0-8 same 1",
      "16-24 same 1",
      "24-32 moved 16 1",
      "32-40 moved 24 1",
    ]);
  });

  it("show the strongest of the members of a union, and those of a member rather than itself", () => {
    const old = [member("u", 0, 16, "union {...}"), member("u.a", 0, 16), member("u.b", 0)];
    const now = [member("u", 0, 16, "union {...}"), member("u.a", 0, 16), member("u.b", 0, 8, "int")];
    expect(segments("new", old, now)).toEqual(["0-16 changed 2"]);
  });

  it("are none of a struct with more members than any kernel has", () => {
    const many = Array.from({ length: 6000 }, (_, index) => member(`m${index}`, index * 8));
    expect(segments("old", many, many)).toEqual([]);
  });
});
