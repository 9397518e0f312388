import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { layoutText } from "../../../../host/cli/report/layout-text.js";
import { findType } from "../../../../host/compare/layout/find-type.js";
import { layoutOf } from "../../../../host/compare/layout/layout.js";
import { Btf } from "../../../../host/kernel/btf/btf.js";
import { readBtf } from "../../../../host/kernel/btf/read.js";
import { compiledBtf, sampleSource } from "../../../support/compiled-btf.js";
import { rawBtf, rawInt, rawStruct } from "../../../support/raw-btf.js";

function textOf(btf: Btf, name: string, deep = false): string {
  return layoutText(layoutOf(btf, findType(btf, name).id, { deep })).join("\n");
}

/** What pahole prints of a struct. */
function textOfPahole(object: Buffer, name: string): string {
  const folder = mkdtempSync(join(tmpdir(), "kheaders-pahole-"));
  try {
    writeFileSync(join(folder, "object.o"), object);
    const args = ["-F", "btf", "-C", name, join(folder, "object.o")];
    // It complains of tags, which it does not know in version 1.24.
    return execFileSync("pahole", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const words = (text: string) => text.split("\n").map((line) => line.replace(/\s+/g, " ").trim());

describe("the text of a layout", () => {
  const object = compiledBtf(`${sampleSource}
    struct fields { int a:3; char after; int :5; unsigned b:20; long last:1; } fields;
    struct big { char head[60]; struct { long x; char fill[70]; } in; short tail; } big;`);
  const btf = readBtf(object);

  it.each(["inner", "fields", "big"])("is what pahole prints: struct %s", (name) => {
    // What it says of alignments it guesses, for BTF does not tell them.
    const theirs = words(textOfPahole(object, name)).filter(
      (line) => !/Force alignment|:0;$|Bitfield combined/.test(line),
    );
    expect(words(textOf(btf, name)).filter(Boolean)).toEqual(theirs.filter(Boolean));
  });

  it("is in pahole's columns", () => {
    expect(`${textOf(btf, "inner")}\n`).toBe(textOfPahole(object, "inner"));
  });

  it("shows what is in a struct with --deep", () => {
    const lines = words(textOf(btf, "sample", true));
    expect(lines.join("\n")).toContain(
      "struct inner {\nchar first; /* 40 1 */\n\n/* XXX 7 bytes hole, try to pack */\n",
    );
    expect(lines).toContain("} inner[2]; /* 40 48 */");
    expect(lines).toContain("/* typedef atomic_t */ struct {");
  });

  it("is that of a typedef, and of a union", () => {
    expect(words(textOf(btf, "atomic_t"))).toEqual([
      "typedef struct {",
      "int counter; /* 0 4 */",
      "",
      "/* size: 4, cachelines: 1, members: 1 */",
      "/* last cacheline: 4 bytes */",
      "} atomic_t;",
    ]);
    expect(words(textOf(btf, "number"))).toContain("float part; /* 0 4 */");
  });

  it("leaves no control character in a name", () => {
    const hostile = new Btf(rawBtf([rawInt("i\x1bnt", 4), rawStruct("s", 4, [["a\n\x1b[2J", 1, 0]])]));
    expect(textOf(hostile, "s")).toContain(String.raw`i\x1bnt                    a\n\x1b[2J;`);
  });
});
