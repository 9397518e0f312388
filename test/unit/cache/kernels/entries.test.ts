import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { temporaryCache } from "../../../support/cache-fixture.js";
import { kernel } from "../../../support/cache-kernels.js";
import { importedKernel, importInto } from "../../../support/imported.js";

test("headers that were imported with no fingerprint are looked at for every device with that release", async () => {
  const cache = temporaryCache();
  const { entry } = await importInto(cache);
  expect(entry).toMatchObject({ source: "file", origin: "kheaders.ko" });
  for (const fingerprint of ["one", "two"]) {
    expect(cache.entriesFor({ ...kernel(), fingerprint })).toEqual([entry]);
  }
  expect(cache.entriesFor({ ...kernel(), release: "6.1.58" })).toEqual([]);
  expect(cache.entries()).toEqual([entry]);
});

test("with a fingerprint they are looked at for devices with that system alone", async () => {
  const cache = temporaryCache();
  await importInto(cache, { kernel: importedKernel({ fingerprint: "one" }) });
  expect(cache.entriesFor({ ...kernel(), fingerprint: "one" })).toHaveLength(1);
  expect(cache.entriesFor({ ...kernel(), fingerprint: "two" })).toEqual([]);
});

test("the file of such an entry lacks a field that every version wanted before there were imports", async () => {
  const cache = temporaryCache();
  await importInto(cache);
  const folder = path.join(cache.dir, "entries");
  const [name = ""] = readdirSync(folder);
  const written: unknown = JSON.parse(readFileSync(path.join(folder, name), "utf8"));
  expect(written).toMatchObject({
    format: 1,
    release: kernel().release,
    source: "file",
    origin: "kheaders.ko",
  });
  expect(written).not.toHaveProperty("fingerprint");
});
