import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import { findLayout } from "../../../../host/cache/disk/format.js";
import { Store } from "../../../../host/cache/store.js";
import { removeDigest } from "../../../../host/cache/upkeep/remove.js";
import { archiveOf, temporaryCache } from "../../../support/cache-fixture.js";
import { kernel, pullInto } from "../../../support/cache-kernels.js";

async function cached() {
  const cache = temporaryCache();
  const { digest, tree } = await pullInto(cache, { identity: kernel(), serial: "one", archive: archiveOf });
  const paths = findLayout(cache.dir);
  const store = new Store({
    paths,
    tool: "test",
    now: () => new Date(),
    hostBootId: () => undefined,
    locks: true,
  });
  return { store, digest, tree };
}

it("does not touch a tree that is used, not even for a moment", async () => {
  const { store, digest, tree } = await cached();
  const seen: boolean[] = [];
  const isUsed = async () => {
    seen.push(existsSync(tree));
    return true;
  };
  expect(await removeDigest(store, digest, undefined, isUsed)).toBeUndefined();
  expect(seen).toEqual([true]);
  expect(existsSync(tree)).toBe(true);
});

it("removes a tree that is not used", async () => {
  const { store, digest, tree } = await cached();
  const removed = await removeDigest(store, digest, undefined, async () => false);
  expect(removed).toMatchObject({ digest, kernels: [{ digest }] });
  expect(existsSync(tree)).toBe(false);
});
