import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import { holdTree } from "../../../../host/pull/tree/hold.js";
import { archiveOf, temporaryCache } from "../../../support/cache-fixture.js";
import { kernel, pullInto } from "../../../support/cache-kernels.js";

const pullOnce = (cache = temporaryCache()) =>
  pullInto(cache, { identity: kernel(), serial: "one", archive: archiveOf });

it("keeps a tree while work is done on it, and no longer", async () => {
  const cache = temporaryCache();
  const found = await holdTree(
    cache,
    () => pullOnce(cache),
    async (held) => {
      expect((await cache.remove("all")).inUse).toEqual([held.digest]);
      expect(existsSync(held.tree)).toBe(true);
      return held;
    },
  );
  expect((await cache.remove("all")).inUse).toEqual([]);
  expect(existsSync(found.tree)).toBe(false);
});

it("finds a tree anew that was removed between its look-up and the lease", async () => {
  const cache = temporaryCache();
  let finds = 0;
  const find = async () => {
    const found = await pullOnce(cache);
    finds += 1;
    if (finds === 1) await cache.remove("all");
    return found;
  };
  expect(await holdTree(cache, find, async ({ tree }) => existsSync(tree))).toBe(true);
  expect(finds).toBe(2);
});

it("releases a tree when the work fails", async () => {
  const cache = temporaryCache();
  const fail = async () => {
    throw new Error("the work failed");
  };
  await expect(holdTree(cache, () => pullOnce(cache), fail)).rejects.toThrow("the work failed");
  expect((await cache.remove("all")).inUse).toEqual([]);
});

it("takes no lease for a folder outside the cache", async () => {
  const cache = {
    acquireLease: async () => {
      throw new Error("a lease was taken");
    },
  };
  expect(
    await holdTree(
      cache,
      async () => ({ tree: "/a/folder" }),
      async ({ tree }) => tree,
    ),
  ).toBe("/a/folder");
});
