import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { chooseStored } from "../../../host/sharing/choose.js";
import { listStore } from "../../../host/sharing/list.js";
import { pushKernel } from "../../../host/sharing/push.js";
import { verifyStore } from "../../../host/sharing/verify.js";
import { formatManifest } from "../../../host/store/manifest.js";
import type { Tag } from "../../../host/store/repository.js";
import { dotConfig } from "../../support/import-files.js";
import { filledCache, filledStore, release } from "../../support/shared-store.js";

const { signal } = new AbortController();

test("a whole store has no problems, and lists its kernels and not what others put there", async () => {
  const { repository, entry, pushed } = await filledStore();
  const image = formatManifest({ artifactType: undefined, layers: [], annotations: new Map() });
  await repository.putManifest("v1" as Tag, image, signal);
  expect(await verifyStore(repository, { signal })).toEqual({ checked: 4, problems: [] });
  const { kernels, problems } = await listStore(repository, { signal });
  expect(problems).toEqual([]);
  expect(kernels).toMatchObject([
    { kernel: { release }, archive: { digest: entry.digest }, tags: pushed.tags },
  ]);
});

test("each damage is found, and changes nothing", async () => {
  const { repository, folder, entry, pushed } = await filledStore();
  truncateSync(join(folder, "blobs", "sha256", entry.digest), 10);
  const wrong = formatManifest({
    artifactType: "application/vnd.example",
    layers: [],
    annotations: new Map(),
  });
  await repository.putManifest("buildid-0011223344556677" as Tag, wrong, signal);
  const { problems } = await verifyStore(repository, { signal });
  expect(problems.map(({ what }) => what)).toEqual(["buildid-0011223344556677", entry.digest]);
  expect(await repository.tags(signal)).toHaveLength(pushed.tags.length + 1);
  writeFileSync(join(folder, "index.json"), "");
  await expect(verifyStore(repository, { signal })).rejects.toMatchObject({ code: "store-corrupt" });
});

test("a kernel is named by its tag, its release, or the beginning of its archive's digest", async () => {
  const { repository, entry, pushed } = await filledStore();
  for (const name of [pushed.tags[0] ?? "", release, entry.digest, entry.digest.slice(0, 8)])
    expect((await chooseStored(repository, name, signal)).archive.digest).toBe(entry.digest);
  for (const name of ["", "6.6.6", entry.digest.slice(0, 7), `kernel-${"0".repeat(64)}`, "0011223344556677"])
    await expect(chooseStored(repository, name, signal)).rejects.toMatchObject({ code: "not-stored" });
});

test("of several kernels with one release, none is guessed", async () => {
  const { repository } = await filledStore("/* one */");
  const other = await filledCache("/* other */", `${dotConfig}CONFIG_MORE=y\n`);
  await pushKernel(repository, other.entry, { cache: other.cache, replace: false, signal });
  await expect(chooseStored(repository, release, signal)).rejects.toMatchObject({
    code: "several-kernels",
    message: expect.stringContaining(other.entry.digest.slice(0, 12)),
  });
});
