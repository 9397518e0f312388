import { describe, expect, it } from "vitest";
import { fileDifferences } from "../../../../../host/compare/page/headers/file-differences.js";

describe("the differences of a file", () => {
  it("are counted in lines", () => {
    expect(fileDifferences("a\nb\n", "a\nc\nd\n")).toMatchObject({ added: 2, removed: 1, left: 0 });
  });

  it("are none where only the last line break differs, or where there are too many lines", () => {
    expect(fileDifferences("a\n", "a")).toBeUndefined();
    expect(fileDifferences("\n".repeat(50_000), "a")).toBeUndefined();
  });

  it("are shown up to a limit", () => {
    const old = Array.from({ length: 3000 }, (_, index) => `#define OLD_${index} ${"x".repeat(40)}`).join(
      "\n",
    );
    const differences = fileDifferences(old, old.replaceAll("OLD", "NEW"));
    const bytes = differences?.pieces.reduce((sum, { size }) => sum + size, 0);
    expect(bytes).toBeLessThan(60_000);
    expect(differences?.left).toBeGreaterThan(50);
  });
});
