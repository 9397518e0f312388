import { describe, expect, it } from "vitest";
import { typesNamed } from "../../../../host/kernel/btf/name-search.js";
import { readSections } from "../../../../host/kernel/btf/sections.js";
import { TypeIndex } from "../../../../host/kernel/btf/walk.js";
import { type RawType, rawBtf, rawInt, rawStruct } from "../../../support/raw-btf.js";

function search(types: RawType[], ...offsets: number[]): number[] {
  const sections = readSections(rawBtf(types));
  return typesNamed(sections.types, new TypeIndex(sections), offsets);
}

describe("the search for a name", () => {
  it("finds all types that have it, in order, and nothing that only has the same number", () => {
    const types: RawType[] = [
      rawInt("a", 4),
      rawStruct("list", 1, [["a", 1, 1]]),
      rawInt("a", 1),
      { kind: "pointer", third: 1 },
      rawInt("b", 1),
    ];
    expect(search(types, 1)).toEqual([0, 2]);
    expect(search(types, 3, 1)).toEqual([0, 1, 2]);
    expect(search(types, 1_000)).toEqual([]);
    expect(search(types)).toEqual([]);
  });

  it("is not misled by words that look like the beginning of a type", () => {
    const words = [1, 0x04000000, 1, 0x04000000, 0, 0];
    expect(search([{ kind: "struct", name: "a", count: 2, words }, rawInt("a", 4)], 1)).toEqual([0, 1]);
  });

  it("finds the same where there are too many places to look at each", () => {
    const types = Array.from({ length: 3_000 }, (_, number) => rawInt(number % 2 ? "a" : "b", 4));
    const expected = types.flatMap(({ name }, place) => (name === "a" ? [place] : []));
    const places = [1, 2, 3, 4].filter((offset) => search(types, offset).length === expected.length);
    expect(places.map((offset) => search(types, offset))).toContainEqual(expected);
    expect(search(types, ...Array.from({ length: 40 }, (_, index) => index + 1))).toHaveLength(3_000);
  });
});
