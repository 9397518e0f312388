import { describe, expect, it } from "vitest";
import { hunksOf } from "../../../../host/compare/text/hunks.js";
import { diffLines } from "../../../../host/compare/text/line-diff.js";

const numbered = (count: number) => Array.from({ length: count }, (_, index) => `line ${index + 1}`);
const hunks = (old: string[], now: string[]) => hunksOf(diffLines(old, now), old, now);

describe("hunks", () => {
  it("have three lines before and after what differs", () => {
    const old = numbered(20);
    const now = old.with(9, "other");
    expect(hunks(old, now)).toEqual([
      {
        oldStart: 7,
        newStart: 7,
        blocks: [
          { isSame: true, old: old.slice(6, 9), new: old.slice(6, 9) },
          { isSame: false, old: ["line 10"], new: ["other"] },
          { isSame: true, old: old.slice(10, 13), new: old.slice(10, 13) },
        ],
      },
    ]);
  });

  it("are one for what is near each other, and count the lines of each text", () => {
    const old = numbered(40);
    const now = ["first", ...old.with(4, "near").with(30, "far")];
    expect(
      hunks(old, now).map(({ oldStart, newStart, blocks }) => [oldStart, newStart, blocks.length]),
    ).toEqual([
      [1, 1, 4],
      [28, 29, 3],
    ]);
  });

  it("end with the text", () => {
    const old = numbered(3);
    expect(hunks(old, [...old, "last"])).toEqual([
      {
        oldStart: 1,
        newStart: 1,
        blocks: [
          { isSame: true, old, new: old },
          { isSame: false, old: [], new: ["last"] },
        ],
      },
    ]);
  });
});
