import { expect, test } from "vitest";
import { chooseStored } from "../../../host/sharing/choose.js";
import { readKernel } from "../../../host/sharing/find.js";
import { pushKernel } from "../../../host/sharing/push.js";
import { contentOf } from "../../../host/store/content.js";
import { formatManifest } from "../../../host/store/manifest.js";
import { asTag, type Tag } from "../../../host/store/repository.js";
import { asBuildId } from "../../../shared/identity.js";
import { temporaryCache } from "../../support/cache-fixture.js";
import { dotConfig, folderWith, importFrom, kernelArchive } from "../../support/import-files.js";
import { filledCache, filledStore, folderStore, release } from "../../support/shared-store.js";

const { signal } = new AbortController();

test("a kernel is stored with what the cache keeps of it, once", async () => {
  const { repository, cache, entry, pushed } = await filledStore();
  expect(pushed).toMatchObject({
    outcome: "stored",
    parts: ["config", "symvers"],
    tags: [expect.stringMatching(/^kernel-/)],
  });
  expect((await repository.tags(signal)).sort()).toEqual([...pushed.tags].sort());
  const again = await pushKernel(repository, entry, { cache, replace: false, signal });
  expect(again).toEqual({ ...pushed, outcome: "unchanged" });
});

test("what another host has of the same archive is added, and what it stored stays", async () => {
  const { repository } = folderStore();
  const cache = temporaryCache();
  const contents = {
    "include/linux/more.h": "",
    "include/generated/utsrelease.h": `#define UTS_RELEASE "${release}"
`,
  };
  const bare = await importFrom([folderWith({ "kheaders.tar.xz": kernelArchive(contents) })], { cache });
  if (bare.entry === undefined) throw new Error("nothing was imported");
  const first = await pushKernel(repository, bare.entry, { cache, replace: false, signal });
  expect(first.parts).toEqual([]);
  const richer = await filledCache();
  expect(richer.entry.digest).toBe(bare.entry.digest);
  const second = await pushKernel(repository, richer.entry, { cache: richer.cache, replace: false, signal });
  expect(second).toMatchObject({ outcome: "stored", parts: ["config", "symvers"], tags: first.tags });
  const third = await pushKernel(repository, bare.entry, { cache, replace: false, signal });
  expect(third).toMatchObject({ outcome: "unchanged", parts: ["config", "symvers"] });
});

test("what one host knows of a kernel besides is added to what the store says of it", async () => {
  const { repository, cache, entry, pushed } = await filledStore();
  const buildId = asBuildId("ab".repeat(20));
  const known = { ...entry, kernel: { ...entry.kernel, buildId } };
  const push = () => pushKernel(repository, known, { cache, replace: false, signal });
  const tags = [`buildid-${buildId}`, ...pushed.tags];
  expect(await push()).toMatchObject({ outcome: "stored", tags });
  for (const tag of tags)
    expect((await readKernel(repository, tag as Tag, signal))?.kernel.buildId).toBe(buildId);
  expect((await push()).outcome).toBe("unchanged");
  expect(await pushKernel(repository, entry, { cache, replace: false, signal })).toMatchObject({
    outcome: "unchanged",
  });
});

test("two builds with the same archive and other build-ids are two kernels", async () => {
  const { repository, cache, entry } = await filledStore();
  const withBuildId = (digits: string) => {
    const kernel = { ...entry.kernel, release: "6.1.57-maybe-dirty", buildId: asBuildId(digits.repeat(20)) };
    return pushKernel(repository, { ...entry, kernel }, { cache, replace: false, signal });
  };
  const first = await withBuildId("ab");
  const second = await withBuildId("cd");
  expect([first, second].map(({ tags }) => tags)).toEqual([
    [`buildid-${"ab".repeat(20)}`, expect.stringMatching(/^kernel-/)],
    // Without a stamp the other tag does not tell one from the other, and goes on to name the first.
    [`buildid-${"cd".repeat(20)}`],
  ]);
  for (const { tags } of [first, second]) {
    const stored = await readKernel(repository, tags[0] as Tag, signal);
    expect(`buildid-${stored?.kernel.buildId}`).toBe(tags[0]);
  }
  await expect(chooseStored(repository, entry.digest, signal)).rejects.toMatchObject({
    code: "several-kernels",
    hint: expect.stringContaining("build-id"),
  });
  expect((await chooseStored(repository, "cd".repeat(20), signal)).kernel.buildId).toBe("cd".repeat(20));
});

test("other headers under the same tag stay, unless they are to be replaced", async () => {
  const { repository, entry, pushed } = await filledStore("/* one */");
  const other = await filledCache("/* other */");
  const push = (replace: boolean) =>
    pushKernel(repository, other.entry, { cache: other.cache, replace, signal });
  const digestAt = async (tag: string) => (await readKernel(repository, tag as Tag, signal))?.archive.digest;
  const [tag = ""] = pushed.tags;
  await expect(push(false)).rejects.toMatchObject({
    code: "store-conflict",
    message: expect.stringContaining(entry.digest.slice(0, 12)),
    hint: expect.stringContaining("--replace"),
  });
  expect(await digestAt(tag)).toBe(entry.digest);
  expect(await push(true)).toMatchObject({ outcome: "stored" });
  expect(await digestAt(tag)).toBe(other.entry.digest);
});

test("something else under the tag is not overwritten by itself", async () => {
  const { repository, cache, entry, pushed } = await filledStore();
  const tag = asTag(pushed.tags[0] ?? "") as Tag;
  const image = formatManifest({
    artifactType: undefined,
    layers: [contentOf("x", Buffer.from("x"))],
    annotations: new Map(),
  });
  await repository.putManifest(tag, image, signal);
  await expect(pushKernel(repository, entry, { cache, replace: false, signal })).rejects.toMatchObject({
    code: "store-corrupt",
  });
  expect((await pushKernel(repository, entry, { cache, replace: true, signal })).outcome).toBe("stored");
});

test("kernels that look the same without a stamp: the second is not stored over the first", async () => {
  const dirty = "6.1.57-maybe-dirty";
  const { repository } = folderStore();
  const unstamped = async (content: string) => {
    const cache = temporaryCache();
    const contents = {
      "include/generated/utsrelease.h": `#define UTS_RELEASE "${dirty}"\n`,
      "include/linux/more.h": content,
    };
    const { entry } = await importFrom(
      [folderWith({ "kheaders.tar.xz": kernelArchive(contents), ".config": dotConfig })],
      { cache },
    );
    if (entry === undefined) throw new Error("nothing was imported");
    return pushKernel(repository, entry, { cache, replace: false, signal });
  };
  expect((await unstamped("/* one */")).outcome).toBe("stored");
  await expect(unstamped("/* two */")).rejects.toMatchObject({
    code: "store-conflict",
    hint: expect.stringContaining("build-id"),
  });
});
