import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { writableFolder } from "../../../../host/cache/disk/writable.js";
import { temporaryFolder } from "../../../support/cache-fixture.js";
import { becomeOrdinaryUser } from "../../../support/cache-user.js";

/** Root may write anywhere. */
const isOrdinary = becomeOrdinaryUser();

test("the nearest folder that exists is where a cache would be made, and nothing is made", () => {
  const folder = temporaryFolder();
  expect(writableFolder(path.join(folder, "a/b/cache"))).toBe(folder);
  expect(writableFolder(folder)).toBe(folder);
  expect(existsSync(path.join(folder, "a"))).toBe(false);
});

test.each([
  {
    what: "a broken link",
    make: (place: string) => symlinkSync("/nowhere/at/all", place),
    message: /is a broken link/,
  },
  { what: "a file", make: (place: string) => writeFileSync(place, ""), message: /is not a folder/ },
])("$what stands in the way", ({ make, message }) => {
  const place = path.join(temporaryFolder(), "place");
  make(place);
  expect(() => writableFolder(path.join(place, "cache"))).toThrow(
    expect.objectContaining({ code: "cache-failed", message: expect.stringMatching(message) }),
  );
});

test.runIf(isOrdinary)("a folder that may not be written stands in the way", () => {
  const place = path.join(temporaryFolder(), "place");
  mkdirSync(place);
  chmodSync(place, 0o555);
  expect(() => writableFolder(path.join(place, "cache"))).toThrow(
    expect.objectContaining({
      code: "cache-failed",
      message: expect.stringMatching(/cannot write the cache/),
    }),
  );
});
