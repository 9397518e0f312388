import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diffLines, type Edit } from "../../../../host/compare/text/line-diff.js";

const lines = (text: string) => [...text];
const edits = (old: string, now: string) =>
  diffLines(lines(old), lines(now)).map(
    ({ oldStart, oldEnd, newStart, newEnd }) =>
      `${oldStart} ${old.slice(oldStart, oldEnd)}>${newStart} ${now.slice(newStart, newEnd)}`,
  );

/** What the edits make of the old lines. */
function applied(old: readonly string[], now: readonly string[], all: readonly Edit[]): string[] {
  const made: string[] = [];
  let next = 0;
  for (const { oldStart, oldEnd, newStart, newEnd } of all) {
    made.push(...old.slice(next, oldStart), ...now.slice(newStart, newEnd));
    next = oldEnd;
  }
  return [...made, ...old.slice(next)];
}

describe("the differences of two texts", () => {
  it("are the lines that were removed, added and replaced", () => {
    expect(edits("abc", "abc")).toEqual([]);
    expect(edits("abc", "ac")).toEqual(["1 b>1 "]);
    expect(edits("ac", "abc")).toEqual(["1 >1 b"]);
    expect(edits("abcde", "aXcYe")).toEqual(["1 b>1 X", "3 d>3 Y"]);
    expect(edits("", "ab")).toEqual(["0 >0 ab"]);
  });

  it("keep lines that occur once where they are, and what repeats with them", () => {
    // A function that came between two others, each of which ends in the same line.
    expect(edits("f}g}", "f}h}g}")).toEqual(["2 >2 h}"]);
  });

  it("are found where every line repeats", () => {
    expect(edits("aabbaabb", "aabaabb")).toEqual(["3 b>3 "]);
  });

  it("make the new text of the old one, whatever the two are", () => {
    const text = fc.array(fc.constantFrom("a", "b", "c", "d", "}", ""), { maxLength: 60 });
    fc.assert(
      fc.property(text, text, (old, now) => {
        expect(applied(old, now, diffLines(old, now))).toEqual(now);
      }),
    );
  });

  it("are one where too many lines repeat to compare each with each", () => {
    const old = Array.from({ length: 3000 }, (_, index) => `${index % 7}`);
    const now = Array.from({ length: 3000 }, (_, index) => `${(index * 3 + 1) % 7}`);
    const all = diffLines(old, now);
    expect(applied(old, now, all)).toEqual(now);
    expect(all.length).toBe(1);
  });
});
