import { linkSync, lstatSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { CachePaths } from "../../../../host/cache/disk/paths.js";
import { measure, totalOf } from "../../../../host/cache/upkeep/disk-use.js";
import { temporaryFolder } from "../../../support/cache-fixture.js";
import { digestNamed } from "../../../support/cache-kernels.js";

const [one, other] = [digestNamed("one"), digestNamed("other")];

/** Two trees with an archive each that share one file; the first has an extra. */
function twoTrees(): { paths: CachePaths; shared: string } {
  const paths = new CachePaths(temporaryFolder());
  for (const folder of [...paths.folders, paths.extras]) mkdirSync(folder);
  const shared = path.join(paths.tree(one), "shared.h");
  for (const digest of [one, other]) {
    mkdirSync(paths.tree(digest));
    writeFileSync(paths.archive(digest), "archive");
  }
  writeFileSync(shared, "x".repeat(10_000));
  linkSync(shared, path.join(paths.tree(other), "shared.h"));
  mkdirSync(path.join(paths.extrasOf(one), "pch"), { recursive: true });
  writeFileSync(path.join(paths.extrasOf(one), "pch", "vmlinux.pch"), "extra");
  return { paths, shared };
}

test("archive, tree and extras count, and what a link leads to does not", async () => {
  const { paths } = twoTrees();
  symlinkSync(paths.archives, path.join(paths.tree(one), "outside"));
  const { inodes } = await measure(paths, one);
  const counted = [
    paths.archive(one),
    paths.tree(one),
    path.join(paths.tree(one), "shared.h"),
    path.join(paths.tree(one), "outside"),
    paths.extrasOf(one),
    path.join(paths.extrasOf(one), "pch"),
    path.join(paths.extrasOf(one), "pch", "vmlinux.pch"),
  ];
  const byNumber = (a: bigint, b: bigint) => Number(a - b);
  expect([...inodes.keys()].sort(byNumber)).toEqual(
    counted.map((file) => lstatSync(file, { bigint: true }).ino).sort(byNumber),
  );
});

test("a file that two trees share counts once, with the blocks that it takes", async () => {
  const { paths, shared } = twoTrees();
  const uses = [await measure(paths, one), await measure(paths, other)];
  const [first, second] = uses.map((use) => totalOf([use]));
  const both = totalOf(uses);
  expect(both.inodes).toBe((first?.inodes ?? 0) + (second?.inodes ?? 0) - 1);
  expect(both.bytes).toBe((first?.bytes ?? 0) + (second?.bytes ?? 0) - lstatSync(shared).blocks * 512);
});

test("a digest of which nothing is there takes nothing", async () => {
  const paths = new CachePaths(path.join(temporaryFolder(), "cache"));
  expect(totalOf([await measure(paths, one)])).toEqual({ bytes: 0, inodes: 0 });
});
