import { mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { buildFolder } from "../../../../host/build/module/build-folder.js";
import type { LocatedTree } from "../../../../host/pull/tree/locate.js";
import { asDigest } from "../../../../shared/identity.js";
import type { ProgressEvent } from "../../../../shared/progress.js";
import { temporaryFolder } from "../../../support/cache-fixture.js";

const digest = asDigest("a".repeat(64));

/** A cached tree, and a cache that keeps the build folder in `folder` after waiting for the process `holder`. */
function setUp(holder?: number) {
  const base = temporaryFolder();
  const tree = join(base, "tree");
  mkdirSync(tree);
  writeFileSync(join(tree, "Makefile"), "all:\n");
  const folder = join(base, "build");
  const events: ProgressEvent[] = [];
  if (digest === undefined) throw new Error("not a digest");
  const located: LocatedTree = { from: "cache", tree, digest, entry: undefined };
  const options: Parameters<typeof buildFolder>[2] = {
    signal: new AbortController().signal,
    onProgress: (event) => void events.push(event),
    cache: {
      keepExtra: async (_digest, _name, make, { onWait } = {}) => {
        if (holder !== undefined) onWait?.(holder);
        await make(folder);
        return folder;
      },
    },
  };
  return { base, folder, located, options, events };
}

it("is a copy of the cached tree", async () => {
  const { folder, located, options } = setUp();
  expect(await buildFolder(located, undefined, options)).toBe(folder);
  expect(readFileSync(join(folder, "Makefile"), "utf8")).toBe("all:\n");
});

it("waits for another build, and names its process", async () => {
  const { located, options, events } = setUp(4711);
  await buildFolder(located, undefined, options);
  expect(events[0]).toEqual({ type: "stage", stage: "waiting-for-other-build", detail: "process 4711" });
});

it("is the user's own folder as it is", async () => {
  const { base, options, events } = setUp();
  expect(await buildFolder({ from: "folder", tree: base }, undefined, options)).toBe(base);
  expect(events).toEqual([]);
});

it("has the symbol versions, and keeps their time if they are the same, so that make has nothing to do", async () => {
  const { base, folder, located, options } = setUp();
  const symvers = join(base, "symvers");
  writeFileSync(symvers, "0x00000001\tone\tvmlinux\tEXPORT_SYMBOL\t\n");
  const keepsFolder = { ...options, cache: { keepExtra: async () => folder } };
  await buildFolder(located, symvers, options);
  const placed = join(folder, "Module.symvers");
  utimesSync(placed, 1000, 1000);
  await buildFolder(located, symvers, keepsFolder);
  expect(statSync(placed).mtimeMs).toBe(1_000_000);
  writeFileSync(symvers, "0x00000002\tone\tvmlinux\tEXPORT_SYMBOL\t\n");
  await buildFolder(located, symvers, keepsFolder);
  expect(readFileSync(placed, "utf8")).toContain("0x00000002");
  await buildFolder(located, undefined, keepsFolder);
  expect(statSync(placed, { throwIfNoEntry: false })).toBeUndefined();
});
