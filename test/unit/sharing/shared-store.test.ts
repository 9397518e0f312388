import { expect, test, vi } from "vitest";
import { parseDotConfig } from "../../../host/kernel/config.js";
import type { SharedStore, StoreOffer } from "../../../host/pull/shared-store.js";
import { sharedStore } from "../../../host/sharing/shared-store.js";
import { useStore } from "../../../host/sharing/use.js";
import { asTag, type Repository } from "../../../host/store/repository.js";
import { asBuildId, type KernelIdentity } from "../../../shared/identity.js";
import { temporaryCache } from "../../support/cache-fixture.js";
import { digestNamed, kernel } from "../../support/cache-kernels.js";
import { dotConfig } from "../../support/import-files.js";
import { filledStore, release } from "../../support/shared-store.js";

const { signal } = new AbortController();

/** A device that runs the kernel of the store, as far as it tells; its configuration file has comments of its own. */
const running: KernelIdentity = kernel({
  release,
  buildId: undefined,
  configDigest: digestNamed("another spelling"),
});

async function offersOf(
  repository: Repository,
  of: Parameters<SharedStore["offers"]>[0],
): Promise<StoreOffer[]> {
  const offers: StoreOffer[] = [];
  for await (const offer of sharedStore(repository).offers(of, signal)) offers.push(offer);
  return offers;
}

test("a public build that was imported is offered for a device that runs it, and serves by the cache's rule", async () => {
  const { repository, entry } = await filledStore();
  const config = parseDotConfig(dotConfig);
  const offers = await offersOf(repository, { identity: running, config });
  const [offer] = offers;
  expect(offers).toHaveLength(1);
  expect(offer).toMatchObject({ hasSameOptions: true, entry: { digest: entry.digest, source: "store" } });
  const serving = temporaryCache().serving(running, "serial", {
    asked: "facts",
    rootPossible: false,
    trustRelease: false,
    config,
    offer,
  });
  expect(serving).toMatchObject({
    outcome: "hit",
    proof: "release-and-config",
    entry: { digest: entry.digest },
  });
});

test("nothing is offered for another configuration, nor for a device that does not show its own", async () => {
  const { repository } = await filledStore();
  const config = parseDotConfig(`${dotConfig}CONFIG_MORE=y\n`);
  const unknown = { identity: { ...running, configDigest: undefined }, config: undefined };
  for (const of of [{ identity: running, config }, unknown])
    expect(await offersOf(repository, of)).toEqual([]);
});

test("the store is asked for the next kernel when that is wanted", async () => {
  const { repository } = await filledStore();
  const named = asTag((await repository.tags(signal))[0] ?? "");
  const stored = named && (await repository.manifest(named, signal));
  const buildId = asBuildId("ab".repeat(20));
  const tag = asTag(`buildid-${buildId}`);
  if (stored === undefined || tag === undefined) throw new Error("nothing was stored");
  await repository.putManifest(tag, stored.bytes, signal);
  const identity = { ...running, buildId };
  const asked = vi.spyOn(repository, "manifest");
  for await (const _ of sharedStore(repository).offers(
    { identity, config: parseDotConfig(dotConfig) },
    signal,
  ))
    break;
  expect(asked).toHaveBeenCalledTimes(1);
  expect(await offersOf(repository, { identity, config: parseDotConfig(dotConfig) })).toHaveLength(1);
});

test("what the cache has of a kernel is written", async () => {
  const { cache, entry } = await filledStore();
  const other = await filledStore("/* in the way */");
  const store = sharedStore(other.repository);
  await expect(store.write(cache, entry, signal)).rejects.toMatchObject({ code: "store-conflict" });
  await store.write(other.cache, other.entry, signal);
});

test("an address that is not one is refused at once, whatever gave it", () => {
  expect(() => useStore("ftp://x", { from: "kheaders.json" })).toThrow(/^kheaders.json: invalid store/);
});
