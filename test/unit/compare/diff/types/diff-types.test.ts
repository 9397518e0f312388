import { describe, expect, it } from "vitest";
import type { TypeChange, TypesDiff } from "../../../../../host/compare/diff/kernel-diff.js";
import { diffTypes } from "../../../../../host/compare/diff/types/diff-types.js";
import { Btf } from "../../../../../host/kernel/btf/btf.js";
import { readBtf } from "../../../../../host/kernel/btf/read.js";
import { compiledBtf, sampleSource } from "../../../../support/compiled-btf.js";
import { rawBtf, rawInt, rawStruct } from "../../../../support/raw-btf.js";

const from = { old: "device", new: "device" } as const;

/** Compares what clang makes of two sources. */
function compared(old: string, now: string): TypesDiff {
  return diffTypes(readBtf(compiledBtf(old)), readBtf(compiledBtf(now)), from);
}

const textOf = ({ change, kind, name, oldSize, newSize }: TypeChange) =>
  `${change} ${kind} ${name} ${oldSize ?? "-"} ${newSize ?? "-"}`;

/** The members of a type that differ, and how. */
function membersOf(diff: TypesDiff, name: string): string[] {
  const change = diff.types.find((each) => each.name === name);
  if (change === undefined) throw new Error(`${name} does not differ`);
  return diff
    .details(change)
    .members.filter((member) => member.change !== "same")
    .map(({ path, change, isMoved, isRetyped, isResized }) =>
      [
        change,
        path,
        ...(isMoved ? ["moved"] : []),
        ...(isRetyped ? ["retyped"] : []),
        ...(isResized ? ["resized"] : []),
      ].join(" "),
    );
}

describe("the types that differ", () => {
  it("are none between a kernel and itself", () => {
    const diff = compared(sampleSource, sampleSource);
    expect(diff.types).toEqual([]);
    expect(diff.same).toBeGreaterThan(4);
  });

  it("are what came, went, grew, or has members that moved, changed or came", () => {
    const old = `struct gone { int x; }; struct grown { int a; long b; }; struct moved { int a, b; };
      struct retyped { int *p; unsigned long q; }; union number { int whole; };
      enum color { RED, GREEN }; typedef struct { int counter; } atomic_t; struct still { struct moved *m; };
      struct gone g; struct grown h; struct moved i; struct retyped j; union number k; enum color l; atomic_t m; struct still n;`;
    const now = `struct came { int x; }; struct grown { int a; long b; char c; }; struct moved { int b, a; };
      struct retyped { const int *p; long q; }; union number { int whole; char part; };
      enum color { RED, GREEN = 5, BLUE }; typedef struct { long counter; } atomic_t; struct still { struct moved *m; };
      struct came g; struct grown h; struct moved i; struct retyped j; union number k; enum color l; atomic_t m; struct still n;`;
    const diff = compared(old, now);
    expect(diff.types.map(textOf)).toEqual([
      "changed struct atomic_t 4 8",
      "added struct came - 4",
      "changed enum color 4 4",
      "removed struct gone 4 -",
      "changed struct grown 16 24",
      "changed struct moved 8 8",
      "changed union number 4 4",
      "changed struct retyped 16 16",
    ]);
    expect(diff.same).toBe(1);
    expect(diff.types.filter(({ isTypedef }) => isTypedef).map(({ name }) => name)).toEqual(["atomic_t"]);
    expect(membersOf(diff, "grown")).toEqual(["added c"]);
    expect(membersOf(diff, "moved")).toEqual(["changed b moved", "changed a moved"]);
    expect(membersOf(diff, "retyped")).toEqual(["changed p retyped", "changed q retyped"]);
    expect(membersOf(diff, "number")).toEqual(["added part"]);
    expect(membersOf(diff, "color")).toEqual(["changed GREEN retyped", "added BLUE"]);
    expect(membersOf(diff, "gone")).toEqual(["removed x"]);
    expect(membersOf(diff, "came")).toEqual(["added x"]);
  });

  it("are each there once, however many others contain it", () => {
    const source = (type: string) => `struct inner { ${type} x; };
      struct outer { struct inner a[3]; struct { struct inner b; } c; }; struct user { struct outer *o; };
      struct user variable; struct outer another;`;
    const diff = compared(source("int"), source("long"));
    expect(diff.types.map(textOf)).toEqual(["changed struct inner 4 8", "changed struct outer 16 32"]);
    expect(membersOf(diff, "outer")).toEqual([
      "changed a resized",
      "changed c moved resized",
      "changed c.b moved resized",
    ]);
  });

  it("show what moved in members without a name, by the path that C has for it", () => {
    const source = (first: string) => `struct sample { int a; union { struct { ${first} short x; }; long y; };
      struct { ${first} char z; } list[2]; unsigned int low:3, high:5; }; struct sample variable;`;
    const diff = compared(source(""), source("char new_one;"));
    expect(membersOf(diff, "sample")).toEqual([
      "added new_one",
      "changed x moved",
      "changed list resized",
      "added list[0].new_one",
      "changed list[0].z moved",
      "changed low moved",
      "changed high moved",
    ]);
  });

  it("are not in how it is described what C writes the same", () => {
    // Members are put into an anonymous struct, and a declaration becomes a definition.
    const old = "struct a; struct s { int x; int y; struct a *p; }; struct s variable;";
    const now =
      "struct a { int z; }; struct s { struct { int x; int y; }; struct a *p; }; struct s variable; struct a b;";
    expect(compared(old, now).types.map(textOf)).toEqual(["added struct a - 4"]);
  });

  it("are paired where several have one name: those that are the same first", () => {
    const int = rawInt("int", 4);
    const one = rawStruct("pool", 4, [["a", 1, 0]]);
    const other = rawStruct("pool", 4, [["b", 1, 0]]);
    const third = rawStruct("pool", 4, [["c", 1, 0]]);
    const diff = diffTypes(
      new Btf(rawBtf([int, one, other])),
      new Btf(rawBtf([int, third, one, other])),
      from,
    );
    expect(diff.types.map(textOf)).toEqual(["added struct pool - 4"]);
    expect(diff.same).toBe(2);
    const many = Array.from({ length: 100 }, () => one);
    const pairs = diffTypes(new Btf(rawBtf([int, ...many])), new Btf(rawBtf([int, ...many, other])), from);
    expect([pairs.same, pairs.types.map(textOf)]).toEqual([100, ["added struct pool - 4"]]);
  });

  it("end in an error where structs without a name have nothing but each other, twice and twice again", () => {
    const doubled = (size: number) =>
      Array.from({ length: 60 }, (_, index) =>
        rawStruct(
          index === 0 ? "s" : "",
          index === 59 ? size : 4,
          index === 59
            ? []
            : [
                ["", index + 2, 0],
                ["", index + 2, 0],
              ],
        ),
      );
    const [old, now] = [doubled(4), doubled(8)].map((types) => new Btf(rawBtf(types)));
    if (old === undefined || now === undefined) throw new Error("there are two");
    expect(() => diffTypes(old, now, from)).toThrow(/too large/);
  });

  it("end in an error where a type has no end", () => {
    const endless = [rawInt("int", 4), rawStruct("a", 4, [["x", 3, 0]]), rawStruct("", 4, [["y", 3, 0]])];
    const changed = [rawInt("int", 4), rawStruct("a", 4, [["z", 3, 0]]), rawStruct("", 4, [["y", 3, 0]])];
    const { types, details } = diffTypes(new Btf(rawBtf(endless)), new Btf(rawBtf(changed)), from);
    expect(types).toMatchObject([{ name: "a", change: "changed" }]);
    expect(() => types.map(details)).toThrow(/contains itself/);
  });
});
