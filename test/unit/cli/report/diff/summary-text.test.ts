import { describe, expect, it } from "vitest";
import { summaryText } from "../../../../../host/cli/report/diff/summary-text.js";
import type { SummarizedDiff } from "../../../../../host/compare/diff/diff-kernels.js";
import { kernel } from "../../../../support/cache-kernels.js";

const side = (release: string) => ({
  name: "x",
  serial: undefined,
  digest: undefined,
  tree: `/trees/${release}`,
  kernel: kernel({ release }),
});
const none = { added: 0, removed: 0, changed: 0 };
const from = { old: "device", new: "device" } as const;

function text(summary: Partial<SummarizedDiff["summary"]>): string[] {
  const equal = {
    config: { diff: { ...none, from, options: [] } },
    headers: { diff: { ...none, same: 12, folders: [] } },
    types: { diff: { ...none, from, same: 3, grown: 0, shrunk: 0, types: [] } },
    symbols: { diff: { ...none, same: 1, isComplete: { old: true, new: true }, symbols: [] } },
  };
  return summaryText({ old: side("6.1.1"), new: side("6.1.2"), summary: { ...equal, ...summary } });
}

describe("a summary", () => {
  it("says of each part that nothing differs", () => {
    expect(text({})).toEqual([
      "old       6.1.1  /trees/6.1.1",
      "new       6.1.2  /trees/6.1.2",
      "",
      "config    no difference",
      "headers   no difference in 12 files",
      "types     no difference in 3 types",
      "symbols   no difference in 1 symbol",
    ]);
  });

  it("counts what differs, with examples, and says why a part was not compared", () => {
    const lines = text({
      config: {
        diff: { ...none, changed: 1, from, options: [{ option: "CONFIG_HZ", old: "250", new: undefined }] },
      },
      headers: {
        diff: { added: 1, removed: 0, changed: 2, same: 9, folders: [{ folder: "", ...none, changed: 2 }] },
      },
      types: {
        diff: {
          ...{ added: 1, removed: 1, changed: 2, same: 6, grown: 1, shrunk: 0 },
          from: { old: "headers", new: "headers" },
          types: [
            { kind: "struct", name: "sock", change: "changed", oldSize: 8, newSize: 16 },
            { kind: "union", name: "u", change: "changed", oldSize: 8, newSize: 8 },
            { kind: "enum", name: "e", change: "added", oldSize: undefined, newSize: 4 },
          ],
        },
      },
      symbols: { unknown: "they are not known" },
    });
    expect(lines.slice(3)).toEqual([
      "config    1 option differs: 1 changed",
      "            CONFIG_HZ  250 -> -",
      "headers   3 of 12 files differ: 1 added, 2 changed",
      "            .: 2 changed",
      "types     4 of 10 types differ: 1 added, 1 removed, 2 changed",
      "            as the headers have them",
      "            1 grew, 0 shrank",
      "            struct sock  8 -> 16 bytes",
      "            union u  changed, 8 bytes",
      "            enum e  added, 4 bytes",
      "symbols   not compared: they are not known",
    ]);
  });

  it("fits 80 columns, and shows no control characters", () => {
    const lines = text({
      headers: {
        diff: { ...none, added: 1, same: 0, folders: [{ folder: `\x1b]0;${"x".repeat(200)}`, ...none }] },
      },
    });
    expect(Math.max(...lines.map(({ length }) => length))).toBe(80);
    expect(lines.join("")).not.toContain("\x1b");
    expect(lines.join("")).toContain("\\x1b");
  });
});
