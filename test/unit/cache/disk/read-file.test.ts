import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { readIfThere } from "../../../../host/cache/disk/read-file.js";
import { digestOfFile } from "../../../../host/cache/disk/sha256.js";
import { temporaryFolder } from "../../../support/cache-fixture.js";

test("a file is read whole, up to its bound", () => {
  const file = path.join(temporaryFolder(), "file");
  writeFileSync(file, "12345");
  expect(readIfThere(file, 5)?.toString()).toBe("12345");
  expect(readIfThere(file, 4)).toBeUndefined();
});

test.each([
  ["nothing", () => undefined],
  ["a folder", (at: string) => void mkdirSync(at)],
  ["a FIFO", (at: string) => void execFileSync("mkfifo", [at])],
  ["a link to a file", (at: string) => symlinkSync(import.meta.filename, at)],
  ["a link to a device", (at: string) => symlinkSync("/dev/zero", at)],
])("%s is as if nothing were there, at once", async (_what, make) => {
  const at = path.join(temporaryFolder(), "file");
  make(at);
  expect(readIfThere(at, 1_000)).toBeUndefined();
  expect(await digestOfFile(at, undefined)).toBeUndefined();
});

test("a device in the place of a file is not read", async () => {
  expect(readIfThere("/dev/zero", 1_000)).toBeUndefined();
  expect(await digestOfFile("/dev/zero", undefined)).toBeUndefined();
});
