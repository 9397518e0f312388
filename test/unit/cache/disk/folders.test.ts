import { existsSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { makeFolders } from "../../../../host/cache/disk/folders.js";
import { temporaryFolder } from "../../../support/cache-fixture.js";

test("folders are made with those above them, and may be there", () => {
  const folder = path.join(temporaryFolder(), "one/two/three");
  makeFolders(folder);
  makeFolders(folder);
  expect(statSync(folder).isDirectory()).toBe(true);
  const link = path.join(temporaryFolder(), "link");
  symlinkSync(folder, link);
  makeFolders(path.join(link, "four"));
  expect(existsSync(path.join(folder, "four"))).toBe(true);
});

test("a file in the way is an error", () => {
  const file = path.join(temporaryFolder(), "file");
  writeFileSync(file, "");
  expect(() => makeFolders(file)).toThrow("EEXIST");
  expect(() => makeFolders(path.join(file, "below"))).toThrow("ENOTDIR");
});

test.skipIf(process.platform !== "linux")("a file system that makes no folder is an error at once", () => {
  expect(() => makeFolders("/proc/kheaders/one/two")).toThrow("ENOENT");
});
