import { describe, expect, it } from "vitest";
import { Declarer, declarationOf, typeName } from "../../../../host/compare/layout/declaration.js";
import { Btf } from "../../../../host/kernel/btf/btf.js";
import { readBtf } from "../../../../host/kernel/btf/read.js";
import { compiledBtf } from "../../../support/compiled-btf.js";
import { type RawType, rawBtf, rawInt } from "../../../support/raw-btf.js";

/** Each is a member that clang takes, and must come out as it was written. */
const declarations = [
  "int plain",
  "const char *const text",
  "char *strings[4]",
  "int table[2][3]",
  "int (*array)[8]",
  "void (*callback)(struct it *, int)",
  "int (*variadic)(const char *, ...)",
  "void (*none)(void)",
  "void (*handlers[4])(int)",
  "int (*(*nested)(int))(char *)",
  "int (*const fixed)(int)",
  "const volatile unsigned int both",
  "struct other *pointer",
  "enum color color",
  "number_t number",
  "union both_ways *way",
  "void **indirect",
  "const char names[2][4]",
];

const source = `
typedef long number_t; enum color { RED }; struct other; union both_ways;
struct it { ${declarations.join("; ")}; struct { int x; } anonymous; enum { A } choice;
  char __attribute__((btf_type_tag("user"))) *buffer; } variable;`;

describe("a declaration", () => {
  const btf = readBtf(compiledBtf(source));
  const it_ = btf.type(btf.idsNamed("it")[0] ?? 0);
  const members = it_.kind === "struct" ? it_.members : [];
  const shown = members.map(({ type, name }) => {
    const declaration = declarationOf(new Declarer(btf).declarable(type), name);
    return `${declaration.type} ${declaration.declarator}`.replace(/\*+ (?=\w)/, (stars) => stars.trimEnd());
  });

  it.each(declarations.map((text, index) => [text, index] as const))(
    "is written as in C: %s",
    (text, index) => {
      expect(shown[index]?.replace(/\*const (\w)/, "*const $1")).toBe(text);
    },
  );

  it("of what has no name says so, and a tag has the name of the kernel's macro", () => {
    expect(shown.slice(-3)).toEqual(["struct {...} anonymous", "enum {...} choice", "char __user *buffer"]);
  });

  it("without a name is the type", () => {
    const names = members.slice(2, 8).map(({ type }) => typeName(btf, type));
    expect(names).toEqual([
      "char *[4]",
      "int[2][3]",
      "int (*)[8]",
      "void (*)(struct it *, int)",
      "int (*)(const char *, ...)",
      "void (*)(void)",
    ]);
  });
});

describe("a declaration that cannot be", () => {
  const declare = (...types: RawType[]) => {
    const btf = new Btf(rawBtf(types));
    return () => declarationOf(new Declarer(btf).declarable(1), "it");
  };

  it("ends, whatever refers to whatever", () => {
    expect(declare({ kind: "pointer", third: 1 })).toThrow("has no end");
    // A function that takes itself: few types, and as deep as one likes.
    expect(declare({ kind: "prototype", third: 0, count: 1, words: [0, 1] })).toThrow("has no end");
    const toItself = Array.from({ length: 100 }, () => [0, 1]).flat();
    expect(
      declare({ kind: "pointer", third: 2 }, { kind: "prototype", third: 0, count: 100, words: toItself }),
    ).toThrow("has no end");
  });

  it("is refused where no type stands", () => {
    expect(declare({ kind: "function", name: "f", third: 0 })).toThrow(
      "a function in it stands where a type is expected",
    );
    expect(declare({ kind: "pointer", third: 9 }, rawInt("int", 4))).toThrow("it has no type 9");
  });
});
