import { describe, expect, it } from "vitest";
import { findType } from "../../../../host/compare/layout/find-type.js";
import { type Body, layoutOf } from "../../../../host/compare/layout/layout.js";
import { Btf } from "../../../../host/kernel/btf/btf.js";
import { readBtf } from "../../../../host/kernel/btf/read.js";
import { compiledBtf, sampleSource } from "../../../support/compiled-btf.js";
import { type RawType, rawBtf, rawInt, rawStruct } from "../../../support/raw-btf.js";

/** The members that are no bit fields, with what is in them, by the path that C has for them. */
function placesOf(body: Body, path: string): { path: string; offset: number; size: number }[] {
  return body.members.flatMap(({ name, declaration, offset, size, bits, body: inner }) => {
    if (bits) return [];
    const index = declaration.declarator.includes("[") && inner ? "[0]" : "";
    const own = name === "" ? path : `${path}.${name}${index}`;
    const here =
      name === "" || declaration.declarator.endsWith("[]")
        ? []
        : [{ path: own, offset, size: index ? Number.NaN : size }];
    return [...here, ...(inner ? placesOf(inner, own) : [])];
  });
}

describe("a layout", () => {
  const btf = readBtf(compiledBtf(sampleSource));
  const layout = (name: string, deep = false) => layoutOf(btf, findType(btf, name).id, { deep });
  const member = (name: string, deep = false) =>
    layout("sample", deep).members.find((each) => each.name === name);

  it("agrees with the compiler in the offset and the size of each member, however deep", () => {
    const places = placesOf(layout("sample", true), "");
    expect(places.length).toBeGreaterThan(20);
    const checks = places.flatMap(({ path, offset, size }) => [
      `_Static_assert(__builtin_offsetof(struct sample, ${path.slice(1)}) == ${offset}, "");`,
      ...(Number.isNaN(size)
        ? []
        : [`_Static_assert(sizeof(((struct sample *)0)->${path.slice(1)}) == ${size}, "");`]),
    ]);
    const own = `_Static_assert(sizeof(struct sample) == ${layout("sample").size}, "");`;
    // It throws if one of them is wrong.
    compiledBtf([sampleSource, own, ...checks].join("\n"));
    expect(() => compiledBtf(`${sampleSource} _Static_assert(sizeof(struct sample) == 1, "");`)).toThrow();
  });

  it("has bit fields by the integer that they lie in", () => {
    expect(member("high")).toMatchObject({ offset: 12, size: 4, bits: { offset: 3, size: 5 } });
    expect(member("wide")).toMatchObject({
      offset: 16,
      size: 8,
      bits: { offset: 0, size: 40 },
      hole: { bytes: 0, bits: 24 },
    });
  });

  it("opens anonymous members, and others only if it is deep", () => {
    expect(member("")?.body?.members.map(({ name }) => name)).toEqual(["x", ""]);
    expect(member("single")?.body).toBeUndefined();
    expect(member("single", true)?.body).toMatchObject({
      name: "inner",
      members: [{ name: "first", offset: member("single")?.offset }, {}, {}],
    });
    expect(member("count", true)?.body).toMatchObject({ members: [{ name: "counter" }] });
    expect(member("hidden", true)?.body).toBeUndefined();
  });

  it("tells holes, and what is behind the last member of a struct that it contains", () => {
    expect(layout("inner")).toMatchObject({
      members: [{ hole: undefined }, { hole: { bytes: 7 } }, {}],
      padding: { bytes: 7 },
    });
    expect(member("single")?.padding).toBe(7);
    expect(member("inner")?.padding).toBe(0);
    expect(layout("number")).toMatchObject({
      kind: "union",
      padding: undefined,
      members: [{ offset: 0, hole: undefined }, { offset: 0 }],
    });
  });

  it("is that of the struct for a typedef, with the typedef's name", () => {
    expect(layout("atomic_t")).toMatchObject({ typedef: "atomic_t", name: "", kind: "struct", size: 4 });
    expect(layout("inner").typedef).toBeUndefined();
  });
});

describe("a layout of hostile BTF", () => {
  const of = (deep: boolean, ...types: RawType[]) => {
    const btf = new Btf(rawBtf(types));
    return () => layoutOf(btf, 1, { deep });
  };

  it("ends for a struct that contains itself", () => {
    expect(of(true, rawStruct("s", 8, [["s", 1, 0]]))).toThrow("contains itself");
    expect(of(false, rawStruct("", 8, [["", 1, 0]]))).toThrow("contains itself");
    expect(of(false, rawStruct("s", 8, [["s", 1, 0]]))()).toMatchObject({ members: [{ size: 8 }] });
  });

  it("ends for few types that make a huge one", () => {
    const twenty = (type: number) =>
      Array.from({ length: 20 }, (_, index) => [`m${index}`, type, index] as const);
    const types = Array.from({ length: 20 }, (_, index) => rawStruct(`s${index}`, 8, twenty(index + 2)));
    expect(of(true, ...types, rawInt("int", 4))).toThrow("too large");
  });

  it("is an error for what has no members", () => {
    expect(of(false, rawInt("int", 4))).toThrow("not a struct or union");
  });

  it("has no negative holes where members overlap", () => {
    const layout = of(
      false,
      rawStruct("s", 2, [
        ["a", 2, 64],
        ["b", 2, 0],
        ["c", 2, 8],
      ]),
      rawInt("int", 4),
    )();
    expect(layout.members.map(({ hole }) => hole)).toEqual([{ bytes: 8, bits: 0 }, undefined, undefined]);
    expect(layout.padding).toBeUndefined();
  });
});
