import { describe, expect, it } from "vitest";
import { headersText, structText, typesText } from "../../../../../host/cli/report/diff/part-texts.js";
import { diffTypes } from "../../../../../host/compare/diff/types/diff-types.js";
import { Btf } from "../../../../../host/kernel/btf/btf.js";
import { rawBtf, rawInt, rawStruct } from "../../../../support/raw-btf.js";

const int = rawInt("int", 4);
const long = rawInt("long", 8);
const old = new Btf(
  rawBtf([
    int,
    long,
    rawStruct("task", 16, [
      ["pid", 1, 0],
      ["same", 1, 32],
      ["gone", 1, 64],
    ]),
    { kind: "enum", name: "color", third: 4, count: 1, words: ["RED", 1] },
  ]),
);
const now = new Btf(
  rawBtf([
    int,
    long,
    rawStruct("task", 24, [
      ["new", 1, 0],
      ["same", 1, 32],
      ["pid", 2, 64],
    ]),
    { kind: "enum", name: "color", third: 4, count: 1, words: ["RED", 2] },
    rawStruct("came", 8, []),
  ]),
);
const diff = diffTypes(old, now, { old: "device", new: "device" });

describe("types that differ", () => {
  it("are a line each, with what became of their members", () => {
    expect(typesText(diff)).toEqual([
      "added    struct came: added, 8 bytes",
      "changed  enum color: changed, 4 bytes; members: 1 changed in place",
      "changed  struct task: 16 -> 24 bytes; members: 1 added, 1 removed, 1 moved",
    ]);
  });

  it("are shown with the members that differ, by their offsets", () => {
    const [, color, task] = diff.types;
    if (color === undefined || task === undefined) throw new Error("they do not differ");
    expect(structText(task, diff.details(task)).map((line) => line.replace(/ {2,}/g, "  "))).toEqual([
      "struct task: 16 -> 24 bytes; 1 member the same",
      "CHANGE  OLD  NEW  MEMBER  TYPE",
      "added  -  0  new  int",
      "moved, retyped  0  8  pid  int -> long",
      "removed  8  -  gone  int",
    ]);
    expect(structText(color, diff.details(color))[2]).toMatch(/^retyped +1 +2 +RED/);
  });
});

it("headers that differ are listed by folder", () => {
  const files = [
    { path: "Makefile", change: "changed" },
    { path: "include/linux/a.h", change: "added" },
    { path: "include/linux/b.h", change: "removed" },
  ] as const;
  expect(headersText({ files, same: 0 })).toEqual([
    ".: 1 changed",
    "  changed  Makefile",
    "include/linux: 1 added, 1 removed",
    "  added    a.h",
    "  removed  b.h",
  ]);
});
