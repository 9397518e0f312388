import { mkdirSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { archiveLimits } from "../../../../host/archive/limits.js";
import { CachePaths } from "../../../../host/cache/disk/paths.js";
import { digestOf } from "../../../../host/cache/disk/sha256.js";
import {
  compareManifests,
  formatManifest,
  hasManifest,
  type Manifest,
  manifestEntryOf,
  parseManifest,
  readManifest,
  statsOf,
} from "../../../../host/cache/trees/manifest.js";
import type { TreeRecord } from "../../../../host/cache/trees/record.js";
import { temporaryFolder } from "../../../support/cache-fixture.js";
import { digestNamed } from "../../../support/cache-kernels.js";

const sha256 = digestNamed("content");

const manifest: Manifest = [
  { type: "folder", path: "include" },
  { type: "file", path: 'include/a",\n.h', executable: false, size: 3, sha256 },
  { type: "file", path: "build.sh", executable: true, size: 0, sha256 },
  { type: "link", path: "include/b.h", target: "../../outside" },
];

test("a manifest that was written is read back, also with newlines in names", () => {
  expect(parseManifest(formatManifest(manifest))).toEqual(manifest);
  expect(parseManifest(formatManifest(manifest.slice(0, 1)))).toEqual(manifest.slice(0, 1));
});

test.each([
  ["nothing", ""],
  ["zeros, as after a power cut", "\0".repeat(100)],
  ["another format number", formatManifest(manifest).replace("[1,", "[2,")],
  ["a manifest that was cut short", formatManifest(manifest).slice(0, -20)],
  ["a row that is not JSON", "[1,\n[d\n]\n"],
  ["a row that is not an array", '[1,\n{"path":"a"}\n]\n'],
  ["an unknown kind", '[1,\n["z","a"]\n]\n'],
  ["a link without a target", '[1,\n["l","a"]\n]\n'],
  ["a size that is negative", `[1,\n["f","a",-1,"${sha256}"]\n]\n`],
  ["a size over the limit", `[1,\n["f","a",${archiveLimits.fileBytes + 1},"${sha256}"]\n]\n`],
  ["a digest that is not one", '[1,\n["f","a",1,"abc"]\n]\n'],
])("%s is not a manifest", (_what, text) => {
  expect(parseManifest(text)).toBeUndefined();
});

test.each(["", "/etc/passwd", "..", "a/../b", "a//b", "a/.", "a/"])(
  "the path %j does not stay inside the tree and is not taken",
  (path) => {
    expect(parseManifest(`[1,\n${JSON.stringify(["d", path])}\n]\n`)).toBeUndefined();
  },
);

test("names that begin with dots are ordinary", () => {
  const dots: Manifest = [{ type: "folder", path: "..a/...b/.c" }];
  expect(parseManifest(formatManifest(dots))).toEqual(dots);
});

test("a file's content is kept as its size and digest", () => {
  const content = Buffer.from("abc");
  expect(manifestEntryOf({ type: "file", path: "a.h", executable: true, content })).toEqual({
    type: "file",
    path: "a.h",
    executable: true,
    size: 3,
    sha256: digestOf("abc"),
  });
});

test("what a manifest lists is counted", () => {
  expect(statsOf(manifest)).toEqual({ files: 2, folders: 1, links: 1, unpackedBytes: 3 });
});

test("only the manifest that was recorded is read", () => {
  const paths = new CachePaths(temporaryFolder());
  mkdirSync(paths.trees);
  const digest = digestNamed("archive");
  const text = formatManifest(manifest);
  const record: TreeRecord = {
    digest,
    bytes: 1,
    manifest: digestOf(text),
    ...statsOf(manifest),
    hostBoot: undefined,
    settled: true,
    keepsModes: true,
  };
  expect(readManifest(paths, record)).toBeUndefined();
  writeFileSync(paths.manifest(digest), text);
  expect(readManifest(paths, record)).toEqual(manifest);
  expect(hasManifest(paths, record)).toBe(true);
  writeFileSync(paths.manifest(digest), formatManifest(manifest.slice(1)));
  expect(readManifest(paths, record)).toBeUndefined();
  expect(hasManifest(paths, record)).toBe(false);
});

test("two manifests differ in files and links, by path; in folders and permissions they do not", () => {
  const other = digestNamed("other content");
  const now: Manifest = [
    { type: "file", path: 'include/a",\n.h', executable: false, size: 3, sha256: other },
    { type: "file", path: "build.sh", executable: false, size: 0, sha256 },
    { type: "file", path: "include/c.h", executable: false, size: 0, sha256 },
    { type: "folder", path: "lib" },
  ];
  expect(compareManifests(formatManifest(manifest), formatManifest(now))).toEqual({
    added: ["include/c.h"],
    removed: ["include/b.h"],
    changed: ['include/a",\n.h'],
    same: 1,
  });
  const nothing = { added: [], removed: [], changed: [] };
  expect(compareManifests(formatManifest(now), formatManifest(now))).toEqual({ ...nothing, same: 3 });
  expect(compareManifests(formatManifest([]), formatManifest([]))).toEqual({ ...nothing, same: 0 });
  expect(compareManifests(formatManifest(now), "")).toBeUndefined();
});
