import { describe, expect, it } from "vitest";
import { Shapes } from "../../../../../host/compare/diff/types/shape.js";
import { Btf } from "../../../../../host/kernel/btf/btf.js";
import { readBtf } from "../../../../../host/kernel/btf/read.js";
import { compiledBtf, sampleSource } from "../../../../support/compiled-btf.js";
import { rawBtf, rawInt, rawStruct } from "../../../../support/raw-btf.js";

describe("the shape of a type", () => {
  const btf = readBtf(compiledBtf(sampleSource));
  const shape = (name: string) => new Shapes(btf).of(btf.idsNamed(name)[0] ?? 0);

  it("has members with what is in those without a name, and bit fields by their bits", () => {
    const { size, members, values } = shape("sample");
    expect(values).toEqual([]);
    expect(size).toBeGreaterThan(100);
    const rows = members.map(
      ({ path, type, bitOffset, bitSize }) => `${path} ${type} ${bitOffset} ${bitSize}`,
    );
    expect(rows.slice(0, 9)).toEqual([
      "name const char * 0 64",
      "state volatile int 64 32",
      "low unsigned int 96 3",
      "high unsigned int 99 5",
      "wide unsigned long 128 40",
      "x int 192 32",
      "y short 224 16",
      "z char[6] 224 48",
      "inner struct inner[2] 320 384",
    ]);
    expect(members.filter(({ isBitField }) => isBitField).map(({ path }) => path)).toEqual([
      "low",
      "high",
      "wide",
    ]);
  });

  it("is what a typedef stands for, and of an enum its values", () => {
    expect(shape("atomic_t").members).toMatchObject([
      { path: "counter", type: "int", bitOffset: 0, bitSize: 32 },
    ]);
    expect(shape("color").values).toEqual([
      { name: "RED", value: 1n },
      { name: "GREEN", value: 5n },
    ]);
  });

  it("ends in an error where structs without a name contain each other twice and twice again", () => {
    const doubled = Array.from({ length: 40 }, (_, index) =>
      rawStruct(index === 0 ? "s" : "", 4, [
        ["", index + 3, 0],
        ["", index + 3, 0],
      ]),
    );
    const file = rawBtf([rawInt("int", 4), ...doubled, rawStruct("", 4, [["x", 1, 0]])]);
    expect(() => new Shapes(new Btf(file), 100_000).of(2)).toThrow(/too large/);
  });
});
