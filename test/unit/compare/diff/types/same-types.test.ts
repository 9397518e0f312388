import { describe, expect, it } from "vitest";
import { SameTypes } from "../../../../../host/compare/diff/types/same-types.js";
import { readBtf } from "../../../../../host/kernel/btf/read.js";
import { compiledBtf } from "../../../../support/compiled-btf.js";

/** Members that are the same as themselves. */
const alike = [
  "int a; struct n *p; char c[3][4];",
  "int (*call)(struct n *, const char *, ...); t x; enum e y; unsigned int low:3, high:29;",
  "struct { int x; union { short y; char z; }; } a[2]; volatile long v; void *const q;",
];

/** Members that differ. */
const different = [
  ["int a;", "int b;"],
  ["int a, b;", "int b, a;"],
  ["int a;", "unsigned int a;"],
  ["int a;", "t a;"],
  ["int *a;", "int **a;"],
  ["int *a;", "const int *a;"],
  ["char a[4];", "char a[2][2];"],
  ["int low:3, high:29;", "int low:4, high:28;"],
  ["int (*call)(int);", "int (*call)(long);"],
  ["int (*call)(int);", "int (*call)(int, int);"],
  ["int (*call)(int);", "void (*call)(int);"],
  ["struct n *p;", "union u *p;"],
  ["struct { short x, y; } a;", "struct { short y, x; } a;"],
  ["struct { short x, y; };", "struct { short x; char y[2]; };"],
  ["int a;", "int a; int b[];"],
] as const;

describe("two structs", () => {
  const structs = [...alike, ...different.flat()]
    .map((members, index) => `struct s${index} { ${members} }; struct s${index} variable${index};`)
    .join("\n");
  const btf = readBtf(compiledBtf(`struct n; union u; typedef int t; enum e { E };\n${structs}`));
  const idOf = (index: number) => btf.idsNamed(`s${index}`)[0] ?? 0;
  const compare = (one: number, other: number) =>
    new SameTypes(btf, btf, () => false).compare(idOf(one), idOf(other));

  it.each([...alike.entries()])("%i are the same with the same members: %s", (index) => {
    expect(compare(index, index)).toBe("same");
  });

  it.each(different.map(([old, now], index) => ({ index, old, now })))(
    "differ: $old and $now",
    ({ index }) => {
      const first = alike.length + 2 * index;
      expect(compare(first, first + 1)).not.toBe("same");
      expect(compare(first + 1, first)).not.toBe("same");
    },
  );
});
