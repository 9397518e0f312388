import { expect, test } from "vitest";
import { parseDotConfig } from "../../../host/kernel/config.js";
import { sharedStore } from "../../../host/sharing/shared-store.js";
import { useStore } from "../../../host/sharing/use.js";
import type { KernelIdentity } from "../../../shared/identity.js";
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

test("a public build that was imported is offered for a device that runs it, and serves by the cache's rule", async () => {
  const { repository, entry } = await filledStore();
  const config = parseDotConfig(dotConfig);
  const [offer, ...others] = await sharedStore(repository).offers({ identity: running, config }, signal);
  expect(others).toEqual([]);
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
  const offers = (of: Parameters<ReturnType<typeof sharedStore>["offers"]>[0]) =>
    sharedStore(repository).offers(of, signal);
  expect(await offers({ identity: running, config })).toEqual([]);
  expect(await offers({ identity: { ...running, configDigest: undefined }, config: undefined })).toEqual([]);
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
