import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { CachePaths } from "../../../../host/cache/disk/paths.js";
import { writeEntry } from "../../../../host/cache/kernels/entries.js";
import { makeEntry } from "../../../../host/cache/kernels/entry.js";
import { allDigests, digestOfTree, digestsMatching } from "../../../../host/cache/upkeep/digests.js";
import type { Digest } from "../../../../shared/identity.js";
import { temporaryFolder } from "../../../support/cache-fixture.js";
import { digestNamed, kernel } from "../../../support/cache-kernels.js";

function emptyCache(): CachePaths {
  const paths = new CachePaths(temporaryFolder());
  for (const folder of [...paths.folders, paths.extras]) mkdirSync(folder);
  return paths;
}

function addEntry(paths: CachePaths, digest: Digest, release: string): void {
  const made = { digest, bytes: 1, source: "loaded", created: new Date(0), tool: "1.2.3" } as const;
  writeEntry(paths, makeEntry({ ...made, kernel: kernel({ release }) }));
}

test("every part of a tree counts, and temporary or foreign names do not", () => {
  const paths = emptyCache();
  const archive = digestNamed("archive");
  const tree = digestNamed("tree");
  const record = digestNamed("record");
  const manifest = digestNamed("manifest");
  const extra = digestNamed("extra");
  const entry = digestNamed("entry");
  writeFileSync(paths.archive(archive), "");
  mkdirSync(paths.tree(tree));
  writeFileSync(paths.record(record), "");
  writeFileSync(paths.manifest(manifest), "");
  mkdirSync(paths.extrasOf(extra));
  addEntry(paths, entry, "6.1.57");
  writeFileSync(path.join(paths.archives, ".tmp-0123456789abcdef-1"), "");
  writeFileSync(path.join(paths.archives, "notes.txt"), "");
  mkdirSync(paths.tree(archive));
  expect(allDigests(paths)).toEqual([archive, tree, record, manifest, extra, entry].sort());
});

test("a digest is found by its beginning, its release or its fingerprint", () => {
  const paths = emptyCache();
  const [one, other] = [digestNamed("one"), digestNamed("other")];
  addEntry(paths, one, "6.1.57");
  addEntry(paths, other, "6.6.1");
  expect(digestsMatching(paths, one.slice(0, 8))).toEqual([one]);
  expect(digestsMatching(paths, one.slice(0, 7))).toEqual([]);
  expect(digestsMatching(paths, "6.6.1")).toEqual([other]);
  expect(digestsMatching(paths, kernel().fingerprint).sort()).toEqual([one, other].sort());
  expect(digestsMatching(paths, "6.6")).toEqual([]);
});

test("a beginning that two digests share is refused", () => {
  const paths = emptyCache();
  for (const end of ["0", "1"])
    writeFileSync(path.join(paths.archives, `${"a".repeat(63)}${end}.tar.xz`), "");
  expect(() => digestsMatching(paths, "aaaaaaaa")).toThrow(
    expect.objectContaining({ code: "several-kernels", message: expect.stringContaining("aaaaaaaa") }),
  );
  expect(digestsMatching(paths, `${"a".repeat(63)}1`)).toEqual([`${"a".repeat(63)}1`]);
});

test("a tree's digest is found by its folder, also through links, and only in this cache", () => {
  const paths = emptyCache();
  const digest = digestNamed("tree");
  mkdirSync(paths.tree(digest));
  const link = path.join(paths.root, "link");
  symlinkSync(paths.tree(digest), link);
  expect(digestOfTree(paths, link)).toBe(digest);
  expect(digestOfTree(emptyCache(), link)).toBeUndefined();
  expect(digestOfTree(paths, paths.trees)).toBeUndefined();
  expect(digestOfTree(paths, path.join(paths.root, "nowhere"))).toBeUndefined();
});
