import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { FileChange } from "../../../../../host/compare/diff/kernel-diff.js";
import { Anchors } from "../../../../../host/compare/page/anchors.js";
import { headersSection } from "../../../../../host/compare/page/headers/headers-section.js";
import { joined } from "../../../../../host/compare/page/html.js";
import { kernelSide } from "../../../../support/kernel-sides.js";

const folder = mkdtempSync(join(tmpdir(), "kheaders-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

const side = (name: string) => kernelSide(name, join(folder, name));

function write(path: string, old: string | undefined, now: string | undefined): FileChange {
  for (const [name, text] of [
    ["old", old],
    ["new", now],
  ] as const) {
    if (text === undefined) continue;
    mkdirSync(dirname(join(folder, name, path)), { recursive: true });
    writeFileSync(join(folder, name, path), text);
  }
  return { path, change: old === undefined ? "added" : now === undefined ? "removed" : "changed" };
}

const section = (files: FileChange[]) =>
  joined([
    ...headersSection({ diff: { files, same: 5 } }, { old: side("old"), new: side("new") }, new Anchors()),
  ]).text;

describe("the headers in the page", () => {
  it("are a tree with what differs in each file", () => {
    const text = section([
      write("include/linux/a.h", "#define A 1\n", "#define A 2\n"),
      write("include/linux/b.h", undefined, "#define B\n"),
      write("include/net/c.h", "int c;\n", undefined),
    ]);
    expect(text).toContain("<details open><summary><code>include/</code>");
    expect(text).toContain('<li class="file" id="file-include/linux/a.h"><details>');
    expect(text).toContain("<b>+1</b> <i>−1</i>");
    expect(text).toContain("<del>-#define A 1\n</del>");
    expect(text).toContain('<code>b.h</code> <span class="tag added">added</span>');
  });

  it("escape names", () => {
    const text = section([write('include/<img src="x">.h', "a\n", "b\n")]);
    expect(text).not.toContain("<img");
    expect(text).toContain("<code>&lt;img src=&quot;x&quot;&gt;.h</code>");
  });

  it("say that nothing differs", () => {
    expect(section([])).toContain("All 5 files are the same.");
  });

  it("stay within the bytes of their part, and say what is left out", () => {
    const line = (name: string) => `#define ${name} ${"x".repeat(200)}\n`.repeat(100);
    const files = Array.from({ length: 60 }, (_, index) =>
      write(`big/${index + 10}.h`, line("OLD"), line("NEW")),
    );
    const many = Array.from({ length: 6000 }, (_, index) => ({
      path: `many/${index + 1000}/${"n".repeat(40)}.h`,
      change: "added" as const,
    }));
    const text = section([...files, ...many]);
    expect(text.length).toBeLessThan(1_900_000);
    expect(text).toMatch(/Of 60 files with many differences only the first or none are shown/);
    expect(text).toMatch(/more files left out/);
  });
});
