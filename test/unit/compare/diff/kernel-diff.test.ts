import { describe, expect, it } from "vitest";
import { changeOf, countChanges } from "../../../../host/compare/diff/kernel-diff.js";

describe("a change", () => {
  it("is told by what there was and is", () => {
    expect(changeOf(undefined, 0)).toBe("added");
    expect(changeOf("", undefined)).toBe("removed");
    expect(changeOf(1, 2)).toBe("changed");
  });

  it("is counted by its kind", () => {
    expect(countChanges(["added", "changed", "added"])).toEqual({ added: 2, removed: 0, changed: 1 });
    expect(countChanges([])).toEqual({ added: 0, removed: 0, changed: 0 });
  });
});
