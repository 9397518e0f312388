import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryCache } from "../../../support/cache-fixture.js";
import { kernel } from "../../../support/cache-kernels.js";

it("remembers the source that was used last, for each series", async () => {
  const cache = temporaryCache();
  (await cache.lock(kernel())).release();
  expect(await cache.kbuildSource("6.1")).toBeUndefined();
  await cache.rememberKbuildSource("6.1", "/src/linux-6.1");
  await cache.rememberKbuildSource("5.15", "/src/linux-5.15");
  await cache.rememberKbuildSource("6.1", "/src/other");
  expect(await cache.kbuildSource("6.1")).toBe("/src/other");
  expect(await cache.kbuildSource("5.15")).toBe("/src/linux-5.15");
});

it("takes a damaged note for none, and knows none for a kernel whose series is not known", async () => {
  const cache = temporaryCache();
  (await cache.lock(kernel())).release();
  await cache.rememberKbuildSource("6.1", "/src/linux-6.1");
  writeFileSync(join(cache.dir, "kbuild-6.1.json"), "{");
  expect(await cache.kbuildSource("6.1")).toBeUndefined();
  expect(await cache.kbuildSource("")).toBeUndefined();
});
