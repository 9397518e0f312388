import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { keptConfig } from "../../../host/pull/kept-config.js";
import { readKernel } from "../../../host/sharing/find.js";
import { manifestOf, mediaTypeOf, type StoredKernel } from "../../../host/sharing/kernel-manifest.js";
import { takeKernel } from "../../../host/sharing/take.js";
import { contentOf } from "../../../host/store/content.js";
import { formatManifest } from "../../../host/store/manifest.js";
import type { Repository, Tag } from "../../../host/store/repository.js";
import { symversName } from "../../../host/symvers/record.js";
import type { ProgressEvent } from "../../../shared/progress.js";
import { leftoversIn, temporaryCache } from "../../support/cache-fixture.js";
import { kernelArchive } from "../../support/import-files.js";
import { filledStore, symvers } from "../../support/shared-store.js";

const { signal } = new AbortController();

async function storedAt(repository: Repository, tag: string): Promise<StoredKernel> {
  const found = await readKernel(repository, tag as Tag, signal);
  if (found === undefined) throw new Error("not stored");
  return found;
}

/** Takes a kernel into a new cache, in which nothing temporary may be left. */
async function take(repository: Repository, stored: StoredKernel) {
  const cache = temporaryCache();
  const events: ProgressEvent[] = [];
  try {
    const taken = await takeKernel(repository, stored, {
      cache,
      signal,
      onProgress: (event) => events.push(event),
    });
    return { ...taken, cache, warnings: events.filter(({ type }) => type === "warning") };
  } finally {
    expect(leftoversIn(cache.dir)).toEqual([]);
  }
}

test("what one host stored is in the cache of another, with all that belongs to it", async () => {
  const { repository, entry, pushed } = await filledStore("/* it */");
  const taken = await take(repository, await storedAt(repository, pushed.tags[0] ?? ""));
  expect(taken.entry).toMatchObject({
    digest: entry.digest,
    kernel: entry.kernel,
    source: "store",
    origin: repository.address,
  });
  expect(readFileSync(join(taken.tree.tree, "include/linux/more.h"), "utf8")).toBe("/* it */");
  expect((await keptConfig(taken.cache, taken.entry))?.get("CONFIG_BPF")).toBe("y");
  const folder = taken.cache.extra(taken.entry.digest, symversName(taken.entry)) ?? "";
  expect(readFileSync(join(folder, "Module.symvers"), "utf8")).toBe(symvers);
  expect(taken.warnings).toEqual([]);
});

test("an archive of another kernel than its manifest says is refused: somebody moved a tag", async () => {
  const { repository, pushed } = await filledStore();
  const stored = await storedAt(repository, pushed.tags[0] ?? "");
  const moved = { ...stored, kernel: { ...stored.kernel, release: "6.1.99-other" } };
  await expect(take(repository, moved)).rejects.toMatchObject({
    code: "store-corrupt",
    message: expect.stringContaining("6.1.99-other"),
  });
});

test("what is not an archive is refused as any archive is", async () => {
  const { repository, pushed } = await filledStore();
  const stored = await storedAt(repository, pushed.tags[0] ?? "");
  const other = contentOf(mediaTypeOf("archive"), Buffer.from("not xz"));
  await repository.putBlob(other, signal);
  await expect(take(repository, { ...stored, archive: other })).rejects.toMatchObject({
    code: expect.stringMatching(/^archive-/),
  });
});

test("a configuration that is not that of the headers proves nothing, and is not kept", async () => {
  const { repository, pushed, entry } = await filledStore();
  const stored = await storedAt(repository, pushed.tags[0] ?? "");
  const config = contentOf(mediaTypeOf("config"), gzipSync("CONFIG_ARM64=y\nCONFIG_OTHER=y\n"));
  await repository.putBlob(config, signal);
  const lying = { ...stored, parts: new Map([...stored.parts, ["config" as const, config]]) };
  const taken = await take(repository, lying);
  expect(entry.kernel.configDigest).toBeDefined();
  expect(taken.entry.kernel.configDigest).toBeUndefined();
  expect(await keptConfig(taken.cache, taken.entry)).toBeUndefined();
});

test("parts that are damaged or no such part are left out, with a warning", async () => {
  const { repository, pushed } = await filledStore();
  const stored = await storedAt(repository, pushed.tags[0] ?? "");
  const wrong = contentOf(mediaTypeOf("symvers"), Buffer.from("not symbol versions"));
  await repository.putBlob(wrong, signal);
  const missing = { ...wrong, digest: stored.archive.digest };
  const parts = new Map([...stored.parts, ["symvers" as const, wrong], ["config" as const, missing]]);
  const taken = await take(repository, { ...stored, parts });
  expect(taken.warnings).toHaveLength(2);
  expect(taken.cache.extra(taken.entry.digest, symversName(taken.entry))).toBeUndefined();
});

test("a manifest in the place of another has its own digest", async () => {
  const { repository, pushed } = await filledStore();
  const stored = await storedAt(repository, pushed.tags[0] ?? "");
  const manifest = formatManifest(
    manifestOf({ ...stored, archive: { ...stored.archive, size: kernelArchive().length + 1000 } }),
  );
  await repository.putManifest(pushed.tags[0] as Tag, manifest, signal);
  await expect(take(repository, await storedAt(repository, pushed.tags[0] ?? ""))).rejects.toMatchObject({
    code: "store-corrupt",
  });
});
