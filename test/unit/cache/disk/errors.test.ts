import { mkdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { diskError } from "../../../../host/cache/disk/errors.js";
import { KheadersError } from "../../../../shared/errors.js";
import { temporaryFolder } from "../../../support/cache-fixture.js";

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

test("the reason is the system's, in words", () => {
  const missing = thrownBy(() => readFileSync("/nowhere/at/all"));
  expect(diskError(missing, "read the cache", "/cache/format")).toMatchObject({
    code: "cache-failed",
    message: "cannot read the cache at /cache/format: no such file or directory",
    hint: undefined,
    cause: missing,
  });
});

test("a temporary name is not shown", () => {
  const taken = thrownBy(() => mkdirSync(temporaryFolder()));
  const file = "/cache/trees/.tmp-0123456789abcdef-1/include/linux/list.h";
  expect(diskError(taken, "write the tree", file).message).toBe(
    "cannot write the tree at /cache/trees: file already exists",
  );
});

test("an error that only looks like one of a system call keeps its own reason", () => {
  const foreign = Object.assign(new Error("it belongs to another user"), { code: "EPERM" });
  expect(diskError(foreign, "remove from the cache", "/cache/trees/a")).toMatchObject({
    message: "cannot remove from the cache at /cache/trees/a: it belongs to another user",
    hint: expect.stringContaining("--cache-dir"),
  });
});

test.each(["ENOSPC", "EDQUOT"])("%s is a full disk", (code) => {
  const full = Object.assign(new Error(code), { code, syscall: "write" });
  expect(diskError(full, "write the archive", "/cache/archives/.tmp-0123456789abcdef-1")).toMatchObject({
    code: "disk-full",
    message: "cannot write the archive: no space left for /cache/archives",
  });
});

test("an error that is explained already stays as it is", () => {
  const error = new KheadersError("cache-format", "another format");
  expect(diskError(error, "read the cache", "/cache")).toBe(error);
});
