import { describe, expect, it } from "vitest";
import { diffFiles } from "../../../../host/compare/diff/headers.js";

describe("the files that differ", () => {
  it("were added, removed or changed, by path", () => {
    const old = new Map([
      ["include/b.h", "1"],
      ["include/a.h", "2"],
      ["include/gone.h", "3"],
    ]);
    const now = new Map([
      ["include/a.h", "2"],
      ["include/b.h", "4"],
      ["arch/new.h", "3"],
    ]);
    expect(diffFiles(old, now)).toEqual({
      files: [
        { path: "arch/new.h", change: "added" },
        { path: "include/b.h", change: "changed" },
        { path: "include/gone.h", change: "removed" },
      ],
      same: 1,
    });
    expect(diffFiles(now, now)).toEqual({ files: [], same: 3 });
  });
});
