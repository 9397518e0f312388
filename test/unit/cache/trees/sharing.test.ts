import { chmodSync, lstatSync, statSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import type { Cache } from "../../../../host/cache/index.js";
import { openCache } from "../../../../host/cache/index.js";
import { seriesOf } from "../../../../host/cache/trees/sharing.js";
import {
  archiveOf,
  type Contents,
  listTree,
  temporaryCache,
  treeOf,
} from "../../../support/cache-fixture.js";
import { buildIdNamed, kernel, pullInto } from "../../../support/cache-kernels.js";
import { becomeOrdinaryUser } from "../../../support/cache-user.js";

becomeOrdinaryUser();

const listHeader = "include/linux/list.h";

/** Pulls a kernel with that name and release, and gives its tree. */
async function pullBuild(
  cache: Cache,
  name: string,
  contents: Contents = {},
  release = "6.1.57-android14-11",
): Promise<string> {
  const identity = kernel({ release, buildId: buildIdNamed(name), bootId: name });
  const opened = await pullInto(cache, { identity, serial: name, archive: () => archiveOf(contents) });
  return opened.tree;
}

function inode(tree: string, file: string): number {
  return lstatSync(path.join(tree, file)).ino;
}

test("a second build shares all equal files and adds only what differs", async () => {
  const cache = temporaryCache();
  const first = await pullBuild(cache, "first");
  const before = await cache.info();
  const second = await pullBuild(cache, "second", { "include/generated/build.h": "second" });
  expect(listTree(second)).toEqual(treeOf({ "include/generated/build.h": "second" }));
  for (const file of [listHeader, "include/linux/sched.h", "include/linux/empty.h", "scripts/build.sh"]) {
    expect(inode(second, file)).toBe(inode(first, file));
  }
  const after = await cache.info();
  // One file, the link, the tree with eight folders in it, archive, record and manifest.
  expect(after.inodes - before.inodes).toBe(1 + 1 + 9 + 3);
});

test("the executable bit is part of what is equal", async () => {
  const cache = temporaryCache();
  const first = await pullBuild(cache, "first", { "scripts/same": "#!/bin/sh\n", "scripts/run*": "run\n" });
  const second = await pullBuild(cache, "second", { "scripts/same*": "#!/bin/sh\n", "scripts/run": "run\n" });
  expect(statSync(path.join(second, "scripts/same")).mode & 0o777).toBe(0o555);
  expect(statSync(path.join(second, "scripts/run")).mode & 0o777).toBe(0o444);
  expect(statSync(path.join(first, "scripts/same")).mode & 0o777).toBe(0o444);
  expect(inode(second, "scripts/run")).not.toBe(inode(first, "scripts/run"));
});

test("trees of another series are not searched", async () => {
  const cache = temporaryCache();
  const first = await pullBuild(cache, "first");
  const second = await pullBuild(cache, "second", { "include/new.h": "" }, "5.15.123-android13-8");
  expect(inode(second, listHeader)).not.toBe(inode(first, listHeader));
});

test.each([
  ["written to", (file: string) => rewrite(file, "changed\n")],
  [
    "written to with the same size and time set by hand later",
    (file: string) => rewrite(file, "x".repeat(statSync(file).size)),
  ],
  ["touched", (file: string) => utimesSync(file, new Date(), new Date())],
  ["made writable", (file: string) => chmodSync(file, 0o644)],
])("a source that was %s is not shared", async (_what, change) => {
  const cache = temporaryCache();
  const first = await pullBuild(cache, "first");
  change(path.join(first, listHeader));
  const second = await pullBuild(cache, "second", { "include/new.h": "" });
  expect(inode(second, listHeader)).not.toBe(inode(first, listHeader));
  expect(listTree(second)).toEqual(treeOf({ "include/new.h": "" }));
});

function rewrite(file: string, content: string): void {
  chmodSync(file, 0o644);
  writeFileSync(file, content);
  chmodSync(file, 0o444);
}

test("nothing is shared with a tree that has not been read since a power cut", async () => {
  const cache = temporaryCache({ hostBootId: () => "first" });
  const first = await pullBuild(cache, "first");
  const file = path.join(first, listHeader);
  const { size, mtime } = statSync(file);
  rewrite(file, "\0".repeat(size));
  utimesSync(file, mtime, mtime);
  const later = openCache({ dir: cache.dir, tool: "1.2.3", hostBootId: () => "second" });
  const second = await pullBuild(later, "second", { "include/new.h": "" });
  expect(listTree(second)).toEqual(treeOf({ "include/new.h": "" }));
});

test("removing one tree leaves the other whole", async () => {
  const cache = temporaryCache();
  const first = await pullBuild(cache, "first");
  const second = await pullBuild(cache, "second", { "include/new.h": "" });
  const digests = await cache.digestsMatching(path.basename(first));
  expect((await cache.remove(digests)).removed).toHaveLength(1);
  expect(listTree(second)).toEqual(treeOf({ "include/new.h": "" }));
  expect((await cache.verify({ repair: false })).problems).toEqual([]);
});

test.each([
  ["6.1.57-android14-11-maybe-dirty", "6.1"],
  ["4.9.337-g0123456", "4.9"],
  ["5.15.0", "5.15"],
  ["next-20240101", "next-20240101"],
])("the release %s is of the series %s", (release, series) => {
  expect(seriesOf(release)).toBe(series);
});
