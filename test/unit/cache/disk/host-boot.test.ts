import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { expect, onTestFinished, test, vi } from "vitest";
import { readHostBootId } from "../../../../host/cache/disk/host-boot.js";

function bootIdReads(read: () => string): void {
  vi.spyOn(fs, "readFileSync").mockImplementation(read);
  syncBuiltinESMExports();
  onTestFinished(() => {
    vi.restoreAllMocks();
    syncBuiltinESMExports();
  });
}

test.runIf(process.platform === "linux")("a boot has one id", () => {
  expect(readHostBootId()).toMatch(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect(readHostBootId()).toBe(readHostBootId());
});

test.runIf(process.platform === "linux").each([
  [
    "cannot be read",
    () => {
      throw Object.assign(new Error("EACCES"), { code: "EACCES" });
    },
  ],
  ["is empty", () => "\n"],
])("an id that %s is not known", (_what, read) => {
  bootIdReads(read);
  expect(readHostBootId()).toBeUndefined();
});
