import { describe, expect, it } from "vitest";
import type { SymbolChange, SymbolsDiff } from "../../../../host/compare/diff/kernel-diff.js";
import { joined } from "../../../../host/compare/page/html.js";
import { symbolsSection } from "../../../../host/compare/page/symbols-section.js";
import { symbolsDiff } from "../../../support/symbols-diff.js";

const section = (symbols: readonly SymbolChange[], isComplete?: SymbolsDiff["isComplete"]) =>
  joined([...symbolsSection({ diff: symbolsDiff(symbols, isComplete, 3) })]).text;

describe("the symbols in the page", () => {
  it("begin with those that are gone, and have the versions as Module.symvers writes them", () => {
    const text = section([
      { name: "came", old: undefined, new: 1 },
      { name: "differs", old: 0x10, new: 0xfedcba98 },
      { name: "gone", old: 0, new: undefined },
    ]);
    const rows = Array.from(text.matchAll(/<tr><th>(\w+)<td>(\w*)<td>(\w*)/g), ([, ...cells]) => cells);
    expect(rows).toEqual([
      ["gone", "0x00000000", ""],
      ["differs", "0x00000010", "0xfedcba98"],
      ["came", "", "0x00000001"],
    ]);
    expect(text).toContain("<b>1</b> symbol no longer exported");
  });

  it("say what the lists have", () => {
    expect(section([])).toContain("No version differs in 3 symbols.");
    expect(section([], { old: false, new: false })).toContain("Both lists have the symbols that modules");
    expect(section([], { old: true, new: false })).toContain("The list of the new kernel has only");
  });

  it("keep within the bytes of their part, all groups together", () => {
    const symbols = Array.from({ length: 20_000 }, (_, index) => ({
      name: `symbol_${index}_${"x".repeat(60)}`,
      old: index % 2 === 0 ? 1 : undefined,
      new: 2,
    }));
    const text = section(symbols);
    expect(text.length).toBeLessThan(695_000);
    expect(text).toMatch(/more symbols left out/);
  });
});
