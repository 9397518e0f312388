import { chmodSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { lastUseOf, touch } from "../../../../host/cache/disk/last-use.js";
import { CachePaths } from "../../../../host/cache/disk/paths.js";
import { temporaryFolder } from "../../../support/cache-fixture.js";
import { digestNamed } from "../../../support/cache-kernels.js";

const digest = digestNamed("archive");
const then = new Date(Date.UTC(2020, 0, 1));

test("the last use of a tree is when its archive was last touched", () => {
  const paths = new CachePaths(temporaryFolder());
  mkdirSync(paths.archives);
  expect(lastUseOf(paths, digest)).toBe(0);
  writeFileSync(paths.archive(digest), "archive");
  expect(lastUseOf(paths, digest)).not.toBe(then.getTime());
  touch(paths.archive(digest), then);
  expect(lastUseOf(paths, digest)).toBe(then.getTime());
});

test("a read-only file of one's own is touched, and one that is missing is not made", () => {
  const folder = temporaryFolder();
  const file = path.join(folder, "file");
  writeFileSync(file, "");
  chmodSync(file, 0o444);
  touch(file, then);
  expect(statSync(file).mtimeMs).toBe(then.getTime());
  touch(path.join(folder, "missing"), then);
  touch(path.join(file, "below a file"), then);
  expect(statSync(folder).nlink).toBe(2);
  expect(statSync(path.join(folder, "missing"), { throwIfNoEntry: false })).toBeUndefined();
});

test("an error that is neither of these is told", () => {
  const name = path.join(temporaryFolder(), "a".repeat(300));
  expect(() => touch(name, then)).toThrow(
    expect.objectContaining({ code: "cache-failed", message: expect.stringContaining("name too long") }),
  );
});
