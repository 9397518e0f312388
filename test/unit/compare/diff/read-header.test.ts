import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readHeader } from "../../../../host/compare/diff/read-header.js";

describe("the text of a header", () => {
  const tree = mkdtempSync(join(tmpdir(), "kheaders-test-"));
  afterAll(() => rmSync(tree, { recursive: true }));
  mkdirSync(join(tree, "include/linux"), { recursive: true });
  writeFileSync(join(tree, "include/linux/a.h"), "#define A 1\n");
  symlinkSync("a.h", join(tree, "include/linux/b.h"));

  it("is what the file has, and of a link where it leads", () => {
    expect(readHeader(tree, "include/linux/a.h")).toBe("#define A 1\n");
    expect(readHeader(tree, "include/linux/b.h")).toBe("a.h");
  });

  it("is undefined where there is no such file", () => {
    expect(readHeader(tree, "include/linux/c.h")).toBeUndefined();
    expect(readHeader(tree, "include/linux/a.h/c.h")).toBeUndefined();
    expect(readHeader(tree, "include/linux")).toBeUndefined();
  });
});
