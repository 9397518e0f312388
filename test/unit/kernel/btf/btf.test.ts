import { describe, expect, it } from "vitest";
import { Btf } from "../../../../host/kernel/btf/btf.js";
import { readBtf } from "../../../../host/kernel/btf/read.js";
import { compiledBtf, sampleSource } from "../../../support/compiled-btf.js";
import { rawBtf, rawInt, rawStruct } from "../../../support/raw-btf.js";

describe.each(["bpfel", "bpfeb"] as const)("the BTF that clang makes for %s", (target) => {
  const btf = readBtf(compiledBtf(sampleSource, target));
  const named = (name: string) => btf.type(btf.idsNamed(name)[0] ?? Number.NaN);

  it("is in that byte order", () => {
    expect(btf.littleEndian).toBe(target === "bpfel");
  });

  it("has structs with their members, bit fields among them", () => {
    expect(named("inner")).toMatchObject({
      kind: "struct",
      size: 24,
      members: [
        { name: "first", bitOffset: 0, bitSize: undefined },
        { name: "second", bitOffset: 64 },
        { name: "last", bitOffset: 128 },
      ],
    });
    const sample = named("sample");
    expect(sample.kind === "struct" && sample.members.filter(({ bitSize }) => bitSize)).toMatchObject([
      { name: "low", bitOffset: 96, bitSize: 3 },
      { name: "high", bitOffset: 99, bitSize: 5 },
      { name: "wide", bitOffset: 128, bitSize: 40 },
    ]);
  });

  it("has every other kind that clang knows", () => {
    expect(named("number")).toMatchObject({ kind: "union", size: 4 });
    expect(named("int")).toMatchObject({ kind: "int", size: 4, bits: 32, isSigned: true, isBool: false });
    expect(named("float")).toEqual({ kind: "float", name: "float", size: 4 });
    expect(named("opaque")).toEqual({ kind: "forward", name: "opaque", of: "struct" });
    expect(named("atomic_t")).toMatchObject({ kind: "typedef" });
    expect(named("user")).toMatchObject({ kind: "type-tag" });
    expect(named("color")).toMatchObject({
      kind: "enum",
      values: [
        { name: "RED", value: 1n },
        { name: "GREEN", value: 5n },
      ],
    });
    expect(named("counted")).toMatchObject({
      kind: "declaration-tag",
      target: btf.idsNamed("sample")[0],
      component: 11,
    });
    expect(named("work")).toMatchObject({ kind: "function", linkage: "global" });
    expect(named("local")).toMatchObject({ kind: "variable", linkage: "static" });
    expect(named(".bss")).toMatchObject({ kind: "section", variables: [{ offset: 0 }, { size: 4 }] });
    const kinds = new Set(Array.from({ length: btf.endId }, (_, id) => btf.kindOf(id)));
    expect(kinds).toEqual(
      new Set([
        ...[
          "void",
          "int",
          "float",
          "pointer",
          "array",
          "struct",
          "union",
          "enum",
          "forward",
          "typedef",
          "const",
        ],
        ...[
          "volatile",
          "restrict",
          "function",
          "prototype",
          "variable",
          "section",
          "declaration-tag",
          "type-tag",
        ],
      ]),
    );
  });

  it("lists what has a name", () => {
    const all = Array.from(btf.named());
    expect(all).toContainEqual({ id: btf.idsNamed("inner")[0], kind: "struct", name: "inner" });
    expect(all.every(({ id, kind, name }) => name === btf.nameOf(id) && kind === btf.kindOf(id))).toBe(true);
    expect(all.length).toBeLessThan(btf.endId);
  });
});

describe("a module's BTF", () => {
  const kernel = new Btf(rawBtf([rawInt("int", 4), rawStruct("list", 4, [["next", 1, 0]])]));
  const names = "\0int\0list\0next\0".length;
  const module = rawBtf(
    [
      rawStruct("own", 8, [
        ["base", 2, 0],
        ["more", 1, 32],
      ]),
      rawStruct("list", 1, []),
    ],
    {
      baseNames: names,
    },
  );

  it("goes on with the kernel's types and names", () => {
    const btf = new Btf(module, kernel);
    expect([btf.firstId, btf.endId]).toEqual([3, 5]);
    expect(btf.type(3)).toMatchObject({
      name: "own",
      members: [
        { name: "base", type: 2 },
        { name: "more", type: 1 },
      ],
    });
    expect(btf.type(2)).toEqual(kernel.type(2));
    expect(btf.idsNamed("list")).toEqual([2, 4]);
    expect(btf.idsNamed("int")).toEqual([1]);
    expect(Array.from(btf.named(), ({ name }) => name)).toEqual(["int", "list", "own", "list"]);
  });

  it("cannot be read without the kernel's, nor with that of another byte order", () => {
    expect(() => new Btf(module)).toThrow("cannot be read without the kernel's BTF");
    const other = new Btf(rawBtf([], { littleEndian: false }));
    expect(() => new Btf(module, other)).toThrow("another byte order");
  });
});

describe("types that are asked for", () => {
  it("are not of the file if their number is not", () => {
    const btf = new Btf(rawBtf([rawInt("int", 4)]));
    expect(btf.type(0)).toEqual({ kind: "void" });
    for (const id of [2, -1, 0.5, Number.NaN]) expect(() => btf.type(id)).toThrow(`it has no type ${id}`);
    expect(() => btf.kindOf(2)).toThrow("it has no type 2");
    expect(btf.idsNamed("")).toEqual([]);
  });

  it("are the same after many others", () => {
    const many = Array.from({ length: 5_000 }, (_, index) => rawInt(`int${index}`, 4));
    const btf = new Btf(rawBtf(many));
    const first = btf.type(1);
    for (let id = 2; id < btf.endId; id += 1) btf.type(id);
    expect(btf.type(1)).toEqual(first);
    expect(btf.type(5_000)).toMatchObject({ name: "int4999" });
  });
});
