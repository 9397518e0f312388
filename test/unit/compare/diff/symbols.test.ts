import { describe, expect, it } from "vitest";
import { diffSymbols } from "../../../../host/compare/diff/symbols.js";
import { parseSymvers } from "../../../../host/symvers/symvers-file.js";

const versions = (...lines: string[]) =>
  parseSymvers(lines.map((line) => `${line.replaceAll(" ", "\t")}\t\n`).join(""), "Module.symvers");

describe("the differences of two kernels' symbols", () => {
  const old = versions(
    "0x00000001 kfree vmlinux EXPORT_SYMBOL",
    "0x00000002 module_layout vmlinux EXPORT_SYMBOL",
    "0x00000003 old_symbol vmlinux EXPORT_SYMBOL_GPL",
  );
  const now = versions(
    "0x00000012 module_layout vmlinux EXPORT_SYMBOL",
    "0x00000004 a_new_symbol vmlinux EXPORT_SYMBOL_GPL",
    "0x00000001 kfree drivers/other EXPORT_SYMBOL_GPL",
  );

  it("are the versions that differ, came and went, by name", () => {
    expect(diffSymbols(old, now)).toEqual({
      isComplete: { old: true, new: true },
      symbols: [
        { name: "a_new_symbol", old: undefined, new: 4 },
        { name: "module_layout", old: 2, new: 18 },
        { name: "old_symbol", old: 3, new: undefined },
      ],
      same: 1,
    });
  });

  it("are only in what both have, if modules alone told of one kernel's", () => {
    const collected = versions(
      "0x00000002 module_layout vmlinux EXPORT_SYMBOL",
      "0x00000009 x m EXPORT_SYMBOL",
    );
    expect(diffSymbols(collected, now)).toEqual({
      isComplete: { old: false, new: true },
      symbols: [{ name: "module_layout", old: 2, new: 18 }],
      same: 0,
    });
    expect(diffSymbols(collected, collected)).toMatchObject({ symbols: [], same: 2 });
  });
});
