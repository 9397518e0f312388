import { describe, expect, it } from "vitest";
import { diffSymbols } from "../../../../host/compare/diff/symbols.js";

const versions = (...lines: string[]) => ({
  text: Buffer.from(lines.map((line) => `${line.replaceAll(" ", "\t")}\t\n`).join("")),
  name: "Module.symvers",
});

const diff = (...sides: Parameters<typeof diffSymbols>) => {
  const { isComplete, counts, symbols, same } = diffSymbols(...sides);
  return { isComplete, counts, symbols, same };
};

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
    expect(diff(old, now)).toEqual({
      isComplete: { old: true, new: true },
      counts: { added: 1, removed: 1, changed: 1 },
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
    expect(diff(collected, now)).toEqual({
      isComplete: { old: false, new: true },
      counts: { added: 0, removed: 0, changed: 1 },
      symbols: [{ name: "module_layout", old: 2, new: 18 }],
      same: 0,
    });
    expect(diff(collected, collected)).toMatchObject({ symbols: [], same: 2 });
  });

  it("begin with the first of those that both have, by name", () => {
    const names = ["m", "b", "z", "aa", "a", "k"];
    const build = (first: number) =>
      versions(
        ...names.map((name, index) => `0x0000000${first + index} ${name} vmlinux EXPORT_SYMBOL_GPL`),
        `0x00000001 only_${first} vmlinux EXPORT_SYMBOL`,
      );
    const found = diffSymbols(build(1), build(2));
    expect(found.changed(3).map(({ name }) => name)).toEqual(["a", "aa", "b"]);
    expect(found.changed(9)).toEqual(found.symbols.filter(({ name }) => !name.startsWith("only_")));
  });
});
