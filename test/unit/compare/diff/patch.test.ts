import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { writePatch } from "../../../../host/compare/diff/patch.js";
import { temporaryFolder } from "../../../support/cache-fixture.js";
import { kernel } from "../../../support/cache-kernels.js";
import { folderWith } from "../../../support/import-files.js";

const side = (tree: string) => ({ name: "x", serial: undefined, digest: undefined, tree, kernel: kernel() });

async function patch(old: string, now: string) {
  let text = "";
  const write = async (chunk: Buffer) => {
    text += chunk.toString();
  };
  const found = await writePatch({ old: side(old), new: side(now) }, write, new AbortController().signal);
  return { ...found, text };
}

describe("a patch of two trees", () => {
  let old: string;
  let now: string;
  beforeEach(() => {
    old = folderWith({ "include/a.h": "int a;\n", "include/gone.h": "int gone;\n" });
    now = folderWith({ "include/a.h": "long a;\n", "include/new.h": "int new;\n" });
  });

  it("is what diff makes, with the trees called a and b", async () => {
    const { differs, problems, text } = await patch(old, now);
    expect({ differs, problems }).toEqual({ differs: true, problems: [] });
    expect(text.match(/^[-+]{3} \S+/gm)).toEqual([
      "--- a/include/a.h",
      "+++ b/include/a.h",
      "--- a/include/gone.h",
      "+++ b/include/gone.h",
      "--- a/include/new.h",
      "+++ b/include/new.h",
    ]);
    expect(text).toContain("\n-int a;\n+long a;\n");
  });

  it("is empty between a tree and itself", async () => {
    expect(await patch(old, old)).toEqual({ differs: false, problems: [], text: "" });
  });

  it("is there in spite of a link that leads nowhere, which is told", async () => {
    const broken = temporaryFolder();
    writeFileSync(join(broken, "a.h"), "int a;\n");
    symlinkSync("nowhere.h", join(broken, "link.h"));
    const { differs, problems, text } = await patch(broken, temporaryFolder());
    expect(differs).toBe(true);
    expect(text).toContain("-int a;");
    expect(problems).toEqual([expect.stringContaining("a/link.h")]);
  });

  it("needs diff", async () => {
    vi.stubEnv("PATH", temporaryFolder());
    try {
      await expect(patch(old, now)).rejects.toMatchObject({ code: "tool-missing" });
    } finally {
      vi.unstubAllEnvs();
    }
  });
});
