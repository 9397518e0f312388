import { describe, expect, it } from "vitest";
import { piecesOf } from "../../../../../host/compare/page/headers/side-by-side.js";
import { hunksOf } from "../../../../../host/compare/text/hunks.js";
import { diffLines } from "../../../../../host/compare/text/line-diff.js";

const pieces = (old: string[], now: string[]) =>
  piecesOf(hunksOf(diffLines(old, now), old, now)).map(({ text }) => text);
/** Lines that a column takes: those of its blocks, of which each ends its last line. */
const heights = (piece: string) =>
  Array.from(piece.matchAll(/<\/i>(.*?)<\/pre>/gs), ([, text = ""]) => text.split("\n").length);

describe("differences side by side", () => {
  it("have equal lines beside each other, and empty ones where one side has more", () => {
    const [piece] = pieces(["a", "b", "z"], ["a", "x", "y", "z"]);
    expect(piece).toContain("<span> a\n</span><del>-b\n</del><s>\n</s><span> z\n</span>");
    expect(piece).toContain("<span> a\n</span><ins>+x\n+y\n</ins><span> z\n</span>");
  });

  it("escape the lines", () => {
    const [piece] = pieces(["#include <a.h>"], ["</pre><script>"]);
    expect(piece).toContain("<del>-#include &lt;a.h&gt;\n</del>");
    expect(piece).toContain("<ins>+&lt;/pre&gt;&lt;script&gt;\n</ins>");
  });

  it("are divided where they are long, with the number of each first line", () => {
    const old = Array.from({ length: 50 }, (_, index) => `old ${index}`);
    const all = pieces(["first", ...old], ["first", "new"]);
    expect(all.map((piece) => /from line (\d+)/.exec(piece)?.[1])).toEqual(["1", "26", "50"].map(String));
    for (const piece of all) expect(new Set(heights(piece)).size).toBe(1);
  });
});
