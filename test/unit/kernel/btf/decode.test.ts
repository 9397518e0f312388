import { describe, expect, it } from "vitest";
import { Btf } from "../../../../host/kernel/btf/btf.js";
import { type RawType, rawBtf } from "../../../support/raw-btf.js";

function decoded(type: RawType, littleEndian = true) {
  return new Btf(rawBtf([type], { littleEndian })).type(1);
}

describe("a decoded type", () => {
  it.each([true, false])("is an enum of 64 bits, signed or not (little-endian: %s)", (littleEndian) => {
    const words = ["BIG", 0xffffffff, 0xffffffff, "SMALL", 1, 0];
    const type = { kind: "enum64", name: "e", third: 8, count: 2, words } as const;
    expect(decoded(type, littleEndian)).toEqual({
      kind: "enum64",
      name: "e",
      size: 8,
      isSigned: false,
      values: [
        { name: "BIG", value: 0xffffffffffffffffn },
        { name: "SMALL", value: 1n },
      ],
    });
    expect(decoded({ ...type, flag: true }, littleEndian)).toMatchObject({
      isSigned: true,
      values: [{ value: -1n }, { value: 1n }],
    });
  });

  it("is an enum of 32 bits, signed or not", () => {
    const type = { kind: "enum", third: 4, count: 1, words: ["LAST", 0xfffffffe] } as const;
    expect(decoded(type)).toMatchObject({ isSigned: false, values: [{ value: 0xfffffffen }] });
    expect(decoded({ ...type, flag: true })).toMatchObject({ isSigned: true, values: [{ value: -2n }] });
  });

  it("is an integer with its encoding", () => {
    const int = (encoding: number) =>
      decoded({ kind: "int", name: "i", third: 1, words: [(encoding << 24) | 8] });
    expect(int(0)).toMatchObject({ size: 1, bits: 8, isSigned: false, isChar: false, isBool: false });
    expect(int(3)).toMatchObject({ isSigned: true, isChar: true });
    expect(int(4)).toMatchObject({ isBool: true });
  });

  it("has bit fields only where its flag says so", () => {
    const words = ["field", 1, (5 << 24) | 35];
    const struct = { kind: "struct", name: "s", third: 8, count: 1, words } as const;
    expect(decoded({ ...struct, flag: true })).toMatchObject({ members: [{ bitOffset: 35, bitSize: 5 }] });
    expect(decoded(struct)).toMatchObject({ members: [{ bitOffset: (5 << 24) | 35, bitSize: undefined }] });
  });

  it("is a forward declaration of a union, a tag of all of a type, a linkage that is not known", () => {
    expect(decoded({ kind: "forward", name: "u", flag: true })).toEqual({
      kind: "forward",
      name: "u",
      of: "union",
    });
    expect(decoded({ kind: "declaration-tag", name: "t", third: 1, words: [0xffffffff] })).toMatchObject({
      component: undefined,
    });
    expect(decoded({ kind: "function", name: "f", count: 9 })).toMatchObject({ linkage: "unknown" });
    expect(decoded({ kind: "function", name: "f", count: 2 })).toMatchObject({ linkage: "extern" });
  });
});
