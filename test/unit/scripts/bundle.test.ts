import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { removeTree } from "../../../host/cache/disk/remove-tree.js";
import { bundleCommand } from "../../../scripts/bundle.js";
import { folderWith, kernelArchive } from "../../support/import-files.js";
import { rawBtf, rawInt, rawStruct } from "../../support/raw-btf.js";

let folder: string;
let whole: string;
const parts = [
  "kheaders.js",
  "kheaders-main.js",
  "kheaders-chunk.js",
  "kheaders-rest.js",
  "kheaders-diff-layout-rest.js",
  "kheaders-diff-layout.js",
  "kheaders-diff-miss-rest-store.js",
  "kheaders-diff-miss-rest.js",
  "kheaders-diff-rest-store.js",
  "kheaders-diff-rest.js",
  "kheaders-diff.js",
  "kheaders-keep-miss-rest.js",
  "kheaders-keep-rest.js",
  "kheaders-keep.js",
  "kheaders-layout-rest.js",
  "kheaders-layout.js",
  "kheaders-miss-rest-store.js",
  "kheaders-miss-rest.js",
  "kheaders-miss.js",
  "kheaders-rest-store.js",
  "kheaders-store.js",
];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "kheaders-bundle-"));
  whole = join(folder, "whole");
  mkdirSync(whole);
  await bundleCommand(whole);
}, 120_000);
// Cached trees are read-only.
afterAll(async () => void (await removeTree(folder)));

/** The command with some of its files alone. */
function withFiles(files: readonly string[]): string {
  const copy = mkdtempSync(join(folder, "parts-"));
  for (const file of ["package.json", ...files]) cpSync(join(whole, file), join(copy, file));
  return join(copy, "kheaders.js");
}

function run(command: string, ...args: string[]) {
  const home = join(folder, "home");
  mkdirSync(home, { recursive: true });
  const env = { PATH: process.env.PATH, HOME: home, KHEADERS_CACHE_DIR: join(home, "cache") };
  return spawnSync(process.execPath, [command, ...args], { env, encoding: "utf8" });
}

describe("the command", () => {
  it("is in few files, of which the first is a program", () => {
    expect(readdirSync(whole).sort()).toEqual([...parts, "package.json"].sort());
    expect(execFileSync(join(whole, "kheaders.js"), ["--version"], { encoding: "utf8" })).toMatch(
      /^\d+\.\d+/,
    );
  });

  it("says its version without the other files", () => {
    for (const option of ["--version", "-V"])
      expect(run(withFiles(["kheaders.js"]), option)).toMatchObject({ status: 0, stderr: "" });
    expect(statSync(join(whole, "kheaders.js")).size).toBeLessThan(2_000);
  });

  it("says it as commander does, where there is more on the command line", () => {
    const command = join(whole, "kheaders.js");
    const { stdout } = run(command, "--version");
    expect(run(command, "-q", "--version")).toMatchObject({ status: 0, stdout });
  });

  it("reads for a pull only what a pull from the cache needs", () => {
    const { status, stdout } = run(withFiles(parts.slice(0, 3)), "pull", "--help");
    expect(stdout).toContain("kheaders pull");
    expect(status).toBe(0);
    const nothing = run(withFiles(parts.slice(0, 3)), "pull", "--offline", "--digest", "0123456789ab");
    expect(nothing.stderr).not.toContain("Cannot find module");
  });

  it("reads for a layout nothing of what other commands need", () => {
    const command = withFiles(parts.filter((part) => part !== "kheaders-rest.js"));
    const file = join(folder, "kernel.btf");
    writeFileSync(file, rawBtf([rawInt("int", 4), rawStruct("list", 4, [["next", 1, 0]])]));
    const { status, stdout } = run(command, "layout", "list", file);
    expect(stdout).toContain("struct list {");
    expect(status).toBe(0);
  });

  it("reads for a comparison of cached kernels nothing of what other commands need", () => {
    const cache = ["--cache-dir", join(folder, "kernels")];
    const digests = ["a.h", "b.h"].map((name) => {
      const archive = join(
        folderWith({ "kheaders.tar.xz": kernelArchive({ [name]: "" }) }),
        "kheaders.tar.xz",
      );
      const { stdout, stderr } = run(join(whole, "kheaders.js"), "import", "--json", ...cache, archive);
      expect(stderr).toBe("");
      return JSON.parse(stdout).digest;
    });
    const command = withFiles(parts.filter((part) => part !== "kheaders-rest.js"));
    const { status, stdout, stderr } = run(command, "diff", "--headers", "--json", ...cache, ...digests);
    expect({ status, stderr }).toEqual({ status: 1, stderr: "" });
    expect(JSON.parse(stdout).headers).toMatchObject({ added: 1, removed: 1, changed: 0 });
  });

  it("has errors that all files know", () => {
    const command = join(whole, "kheaders.js");
    expect(run(command, "cache", "ls", "--json")).toMatchObject({ status: 0, stdout: "", stderr: "" });
    const missing = run(command, "cache", "rm", "0123456789ab");
    expect(missing.status).toBe(3);
    expect(missing.stderr).toMatch(/^kheaders: .*0123456789ab/);
  });
});
