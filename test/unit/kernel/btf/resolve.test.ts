import { describe, expect, it } from "vitest";
import { Btf } from "../../../../host/kernel/btf/btf.js";
import { pointerSize, resolve, sizeOf } from "../../../../host/kernel/btf/resolve.js";
import { type RawType, rawBtf, rawInt, rawStruct } from "../../../support/raw-btf.js";

const open = (...types: RawType[]) => new Btf(rawBtf(types));
const array = (of: number, count: number): RawType => ({ kind: "array", words: [of, 1, count] });

describe("what a type is", () => {
  it("is found behind qualifiers and tags, and behind typedefs if asked for", () => {
    const btf = open(rawInt("int", 4), { kind: "typedef", name: "t", third: 1 }, { kind: "const", third: 2 });
    expect(resolve(btf, 3, { typedefs: false })).toMatchObject({ id: 2, type: { kind: "typedef" } });
    expect(resolve(btf, 3, { typedefs: true })).toMatchObject({ id: 1, type: { kind: "int" } });
  });

  it("is an error for one that refers to itself", () => {
    const btf = open({ kind: "const", third: 2 }, { kind: "volatile", third: 1 });
    expect(() => resolve(btf, 1, { typedefs: true })).toThrow("refers to itself");
    expect(() => sizeOf(btf, 1)).toThrow("contains itself");
  });
});

describe("the size of a type", () => {
  it("is its own, or that of all elements", () => {
    const btf = open(rawInt("int", 4), array(1, 3), array(2, 5), rawStruct("s", 24, []), array(4, 0));
    expect([1, 2, 3, 4, 5, 0].map((id) => sizeOf(btf, id))).toEqual([4, 12, 60, 24, 0, 0]);
  });

  it("is an error for what contains itself or is larger than any", () => {
    const btf = open(array(1, 1), rawInt("int", 4), array(2, 0xffffffff), array(3, 0xffffffff));
    expect(() => sizeOf(btf, 1)).toThrow("contains itself");
    expect(() => sizeOf(btf, 3)).toThrow("too large");
    expect(() => sizeOf(btf, 4)).toThrow("too large");
  });
});

describe("the size of a pointer", () => {
  it.each([
    ["long unsigned int", 4, 4],
    ["long unsigned int", 8, 8],
    ["unsigned long", 4, 4],
    ["int", 4, 8],
  ])("with %s of %i bytes is %i", (name, size, pointer) => {
    const btf = open(rawInt(name, size), { kind: "pointer", third: 0 });
    expect(pointerSize(btf)).toBe(pointer);
    expect(sizeOf(btf, 2)).toBe(pointer);
  });
});
