import { describe, expect, it } from "vitest";
import { Btf } from "../../../../host/kernel/btf/btf.js";
import { readSections } from "../../../../host/kernel/btf/sections.js";
import { countTypes, TypeIndex } from "../../../../host/kernel/btf/walk.js";
import { rawBtf, rawInt } from "../../../support/raw-btf.js";

/** Kinds of 2026 that this reader does not know, with what the file's own layout section says of their length. */
const newKind = 22;
const layout = Array.from({ length: newKind + 1 }, (_, kind): [number, number] =>
  kind === newKind ? [4, 12] : [0, 0],
);

describe("the walk over the types", () => {
  it("finds where each begins", () => {
    const index = new TypeIndex(
      readSections(rawBtf([rawInt("a", 4), { kind: "pointer", third: 1 }, rawInt("b", 4)])),
    );
    expect([2, 0, 1, 3].map((place) => index.startOf(place))).toEqual([7, 0, 4, undefined]);
    expect([7, 0, 4, 1, 8, 100].map((word) => index.indexAt(word))).toEqual([2, 0, 1, ...Array(3)]);
    expect(index.count).toBe(3);
  });

  it("goes no further than it must", () => {
    const many = Array.from({ length: 1_000 }, (_, number) => rawInt(`int${number}`, 4));
    const sections = readSections(rawBtf([...many, { kind: newKind }]));
    const index = new TypeIndex(sections);
    expect(index.startOf(10)).toBe(40);
    expect(index.indexAt(999 * 4)).toBe(999);
    expect(() => index.count).toThrow("unknown kind");
    expect(() => new TypeIndex(sections).startOf(1_000)).toThrow("unknown kind");
    expect(() => new TypeIndex(sections).indexAt(1_000 * 4)).toThrow("unknown kind");
  });

  it("passes over a kind that is not known, if the file says how long it is", () => {
    const types = [rawInt("a", 4), { kind: newKind, count: 2, words: [0, 1, 2, 3, 4, 5, 6] }, rawInt("b", 4)];
    const btf = new Btf(rawBtf(types, { layout }));
    expect(btf.type(2)).toEqual({ kind: "unknown", number: newKind });
    expect(btf.kindOf(2)).toBe("unknown");
    expect(btf.nameOf(3)).toBe("b");
    expect(() => new Btf(rawBtf(types)).nameOf(3)).toThrow(`types of an unknown kind (${newKind})`);
  });

  it("does not believe the layout of kinds that it knows, nor lengths that are not whole words", () => {
    const wrong = rawBtf([rawInt("a", 4), rawInt("b", 4)], {
      layout: [
        [0, 0],
        [64, 0],
      ],
    });
    expect(new Btf(wrong).nameOf(2)).toBe("b");
    const odd = layout.map((): [number, number] => [2, 0]);
    expect(() => countTypes(rawBtf([{ kind: newKind }], { layout: odd }))).toThrow("unknown kind");
  });

  it("counts more than 65,535 elements, as files may have since 2026", () => {
    const count = 70_000;
    const words = Array.from({ length: count * 2 }, (_, index) => index % 2 && (index - 1) / 2);
    const type = new Btf(rawBtf([{ kind: "enum", name: "many", third: 4, count, words }])).type(1);
    expect(type.kind === "enum" && type.values.at(-1)?.value).toBe(69_999n);
  });

  it.each([
    ["within a type", rawBtf([{ kind: "array", words: [1] }]), "its last type ends too early"],
    ["within its elements", rawBtf([{ kind: "struct", count: 0xffffff }]), "its last type ends too early"],
    ["within its first words", rawBtf([{ kind: "pointer", words: [1, 2] }]), "its last type ends too early"],
    ["with a type of no kind", rawBtf([{ kind: "void" }]), "types of an unknown kind (0)"],
  ])("ends with an error where the types end %s", (_, raw, reason) => {
    expect(() => countTypes(raw)).toThrow(reason);
  });
});
