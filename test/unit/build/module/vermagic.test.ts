import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { readVermagic } from "../../../../host/build/module/vermagic.js";
import { readTreeFacts } from "../../../../host/kernel/tree-facts.js";
import { writeFakeClang } from "../../../support/fake-clang.js";
import { writeTree } from "../../../support/kernel-tree.js";

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "kheaders-test-"));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

/** The version magic that is read from what a preprocessor prints. */
function vermagicIn(preprocessed: string): Promise<string | undefined> {
  const clangBody = `printf '%s\\n' '${preprocessed}'`;
  const clang = writeFakeClang(folder(), { clangBody });
  return readVermagic(readTreeFacts(writeTree(folder())), clang, new AbortController().signal);
}

it("is what the string literals after the marker make together", async () => {
  const text =
    'extern int x;\nkheaders_vermagic "6.1.57" " " "SMP " "preempt " "mod_unload "\n   "" "aarch64"';
  expect(await vermagicIn(text)).toBe("6.1.57 SMP preempt mod_unload aarch64");
});

it.each(["kheaders_vermagic VERMAGIC_STRING", 'kheaders_vermagic "6.1" FLAG', "", '"6.1"'])(
  "is unknown if the headers do not define it: %j",
  async (text) => {
    expect(await vermagicIn(text)).toBeUndefined();
  },
);

it("needs clang", async () => {
  const facts = readTreeFacts(writeTree(folder()));
  const reading = readVermagic(facts, "/no/clang", new AbortController().signal);
  await expect(reading).rejects.toMatchObject({ code: "tool-missing" });
});
