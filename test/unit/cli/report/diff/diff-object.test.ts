import { describe, expect, it } from "vitest";
import { diffObject, summaryObject } from "../../../../../host/cli/report/diff/diff-object.js";
import { summaryOf } from "../../../../../host/compare/diff/summary.js";
import { diffTypes } from "../../../../../host/compare/diff/types/diff-types.js";
import { Btf } from "../../../../../host/kernel/btf/btf.js";
import { kernel } from "../../../../support/cache-kernels.js";
import { documentedObjects, undocumented } from "../../../../support/json-docs.js";
import { rawBtf, rawInt, rawStruct } from "../../../../support/raw-btf.js";
import { readRepositoryFile } from "../../../../support/repository.js";
import { symbolsDiff } from "../../../../support/symbols-diff.js";

const objects = documentedObjects(readRepositoryFile("docs/json.md"));
const printed = (object: object): unknown => JSON.parse(JSON.stringify(object));

describe("what --json prints of a comparison", () => {
  const side = { name: "x", serial: undefined, digest: undefined, tree: "/t", kernel: kernel() };
  const int = rawInt("int", 4);
  const color = (value: number) =>
    ({ kind: "enum", name: "color", third: 4, count: 1, words: ["RED", value] }) as const;
  const types = diffTypes(
    new Btf(rawBtf([int, rawStruct("task", 4, [["x", 1, 0]]), color(1)])),
    new Btf(rawBtf([int, rawStruct("task", 8, [["y", 1, 32]]), color(2)])),
    { old: "device", new: "headers" },
  );
  const whole = {
    old: side,
    new: side,
    config: {
      diff: {
        from: { old: "device", new: "headers" },
        options: [{ option: "CONFIG_HZ", old: "250", new: undefined }],
      },
    },
    headers: { diff: { files: [{ path: "a.h", change: "added" }], same: 0 } },
    types: { diff: types },
    symbols: {
      diff: symbolsDiff([{ name: "f", old: 1, new: undefined }], { old: true, new: false }, 0),
    },
  } as const;

  it("is as documented, whole", () => {
    const object = diffObject(whole, false, types.types);
    expect(undocumented(objects, "diff", printed(object))).toEqual([]);
    expect(object).toMatchObject({
      equal: false,
      config: { removed: 1, options: [{ option: "CONFIG_HZ", old: "250", new: null }] },
      types: {
        details: [
          { name: "color", members: [{ path: "RED", old: { value: "1" }, new: { value: "2" } }] },
          {
            name: "task",
            members: [
              { path: "x", new: null },
              { path: "y", old: null },
            ],
          },
        ],
      },
      symbols: { symbols: [{ name: "f", old: "0x00000001", new: null }] },
    });
  });

  it("is as documented of a summary, of parts that were not asked for, and of those that are unknown", () => {
    const summary = summaryOf(whole);
    expect(
      undocumented(objects, "diff", printed(summaryObject({ old: side, new: side, summary }, false))),
    ).toEqual([]);
    const none = { old: side, new: side, config: undefined, headers: undefined, symbols: undefined };
    const unknown = { ...none, types: { unknown: "no BTF" } };
    expect(undocumented(objects, "diff", printed(diffObject(unknown, true, undefined)))).toEqual([]);
  });
});
