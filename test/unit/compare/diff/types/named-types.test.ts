import { describe, expect, it } from "vitest";
import { namedTypes } from "../../../../../host/compare/diff/types/named-types.js";
import { Btf } from "../../../../../host/kernel/btf/btf.js";
import { rawBtf, rawInt, rawStruct } from "../../../../support/raw-btf.js";

describe("the named types of a kernel", () => {
  it("are structs, unions and enums, and typedefs of those without a name", () => {
    const btf = new Btf(
      rawBtf([
        rawInt("int", 4),
        rawStruct("list", 4, [["x", 1, 0]]),
        rawStruct("", 4, [["x", 1, 0]]),
        { kind: "typedef", name: "list_t", third: 3 },
        { kind: "typedef", name: "other_t", third: 2 },
        { kind: "typedef", name: "number_t", third: 1 },
        { kind: "enum64", name: "color", third: 8 },
        { kind: "forward", name: "hidden" },
        rawStruct("list", 8, []),
        { kind: "function", name: "list", third: 0 },
      ]),
    );
    expect([...namedTypes(btf).values()]).toEqual([
      { kind: "struct", name: "list", isTypedef: false, ids: [2, 9] },
      { kind: "struct", name: "list_t", isTypedef: true, ids: [4] },
      { kind: "enum", name: "color", isTypedef: false, ids: [7] },
    ]);
  });
});
