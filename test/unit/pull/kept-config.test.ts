import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { keepConfig, keptConfig } from "../../../host/pull/kept-config.js";
import { asDigest } from "../../../shared/identity.js";
import { archiveOf, temporaryCache } from "../../support/cache-fixture.js";
import { buildIdNamed, kernel, pullInto, required } from "../../support/cache-kernels.js";

const { signal } = new AbortController();
const text = 'CONFIG_ONE=y\nCONFIG_TWO_MODULE=y\nCONFIG_TEXT="a b"\n# CONFIG_NOT is not set\n';

/** A kernel with that configuration in a cache; all of them have one archive. */
async function pulled(cache: ReturnType<typeof temporaryCache>, config: string, name = "one") {
  const configDigest = asDigest(createHash("sha256").update(config).digest("hex"));
  const identity = kernel({ configDigest, buildId: buildIdNamed(name), bootId: name });
  const { digest, entry } = await pullInto(cache, { identity, serial: name, archive: () => archiveOf() });
  return { digest, entry: required(entry) };
}

test("a configuration is kept with the kernel that it is of", async () => {
  const cache = temporaryCache();
  const one = await pulled(cache, text);
  expect(await keptConfig(cache, one)).toBeUndefined();
  await keepConfig(cache, one.entry, gzipSync(text), signal);
  expect(Object.fromEntries(required(await keptConfig(cache, one)))).toEqual({
    CONFIG_ONE: "y",
    CONFIG_TWO_MODULE: "y",
    CONFIG_TEXT: '"a b"',
  });
});

test("it never serves for another kernel with the same archive", async () => {
  const cache = temporaryCache();
  const one = await pulled(cache, text);
  await keepConfig(cache, one.entry, gzipSync(text), signal);
  const same = await pulled(cache, text, "same");
  // Named by its digest, the tree is that of both.
  expect(await keptConfig(cache, { digest: one.digest, entry: undefined })).toBeDefined();
  const other = await pulled(cache, "CONFIG_ONE=m\n", "other");
  expect(other.digest).toBe(one.digest);
  expect(await keptConfig(cache, other)).toBeUndefined();
  expect(await keptConfig(cache, { digest: one.digest, entry: undefined })).toBeUndefined();
  expect(await keptConfig(cache, same)).toBeDefined();
});

test("it does not serve once it was damaged", async () => {
  const cache = temporaryCache();
  const one = await pulled(cache, text);
  await keepConfig(cache, one.entry, gzipSync(text), signal);
  const file = path.join(cache.dir, "extras", one.digest, `config-${one.entry.kernel.configDigest}.gz`);
  const whole = readFileSync(file);
  for (const damaged of [
    Buffer.alloc(0),
    Buffer.alloc(whole.length),
    whole.subarray(0, 40),
    gzipSync("CONFIG_ONE=m\n"),
  ]) {
    writeFileSync(file, damaged);
    expect(await keptConfig(cache, one)).toBeUndefined();
  }
});

test("a folder that is not the cache's has none", async () => {
  expect(await keptConfig(temporaryCache(), { digest: undefined, entry: undefined })).toBeUndefined();
});
