import { chmodSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, expect, test } from "vitest";
import { type Cache, openCache } from "../../../host/cache/index.js";
import type { Orders } from "../../support/cache-child.js";
import { buildChild, type ChildProgram, startChild, writeArchive } from "../../support/cache-children.js";
import {
  archiveOf,
  leftoversIn,
  listTree,
  temporaryCache,
  temporaryFolder,
  treeOf,
} from "../../support/cache-fixture.js";
import { buildIdNamed, kernel, pullInto } from "../../support/cache-kernels.js";
import { becomeOrdinaryUser } from "../../support/cache-user.js";
import { writeExtra, writtenExtra } from "../../support/extra-folder.js";

becomeOrdinaryUser();

const serial = "R5CT30ABCDE";
const archive = archiveOf();
const otherKernel = kernel({ buildId: buildIdNamed("other"), bootId: "other" });
const otherContents = { "include/generated/build.h": "other" };

let program: ChildProgram;

beforeAll(async () => {
  program = await buildChild();
  return program.remove;
});

/**
 * Runs a work in children that are killed just before one of their calls that change the disk, each in a cache of its own
 * and at another call from the first to the last; every other one works without locks. Tells at which steps they died.
 */
async function killAtMoments(
  moments: number,
  prepare: () => Promise<Cache>,
  orders: Pick<Orders, "action" | "digest">,
  check: (cache: Cache) => Promise<void>,
): Promise<string[]> {
  const archiveFile = path.join(temporaryFolder(), "archive");
  writeArchive(archiveFile, archive);
  const common = { ...orders, identity: kernel(), serial, archive: archiveFile };
  const countWrites = async (locks: boolean) => {
    const child = startChild(program, { ...common, dir: (await prepare()).dir, locks });
    const done = await child.said((report) => "writes" in report);
    return "writes" in done ? done.writes : 0;
  };
  const [unlocked, locked] = await Promise.all([countWrites(false), countWrites(true)]);
  const dieAt = async (moment: number) => {
    const locks = moment % 2 === 0;
    const dieAtWrite = 1 + Math.round((moment * ((locks ? locked : unlocked) - 1)) / (moments - 1));
    const cache = await prepare();
    const child = startChild(program, { ...common, dir: cache.dir, locks, dieAtWrite });
    expect(await child.ended).toBe("SIGKILL");
    await check(openCache({ dir: cache.dir, tool: "1.2.3" }));
    const last = child.reports.at(-1);
    return last !== undefined && "step" in last ? last.step : orders.action;
  };
  return Promise.all(Array.from({ length: moments }, (_, moment) => dieAt(moment)));
}

/** What must hold after any death: the next pull is right, the cache verifies, and nothing is left. */
async function expectGoodCache(cache: Cache): Promise<void> {
  const opened = await pullInto(cache, { identity: kernel(), serial, archive: () => archive });
  expect(listTree(opened.tree)).toEqual(treeOf());
  expect((await cache.verify({ repair: false })).problems).toEqual([]);
  // The smallest leftovers are cleared away an hour later.
  const later = openCache({ dir: cache.dir, tool: "1.2.3", now: () => new Date(Date.now() + 5_400_000) });
  await later.prune({});
  expect(leftoversIn(cache.dir)).toEqual([]);
}

function count(steps: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const step of steps) counts.set(step, (counts.get(step) ?? 0) + 1);
  return [...counts].map(([step, times]) => `${step} ${times}`).join(", ");
}

test("a pull that is killed at any moment leaves a cache that is right", async () => {
  const prepare = async () => temporaryCache();
  const died = await killAtMoments(11, prepare, { action: "pull" }, async (cache) => {
    const half = await cache.list();
    for (const { entry } of half.kernels) {
      expect(listTree((await cache.open(entry))?.tree ?? "")).toEqual(treeOf());
    }
    await expectGoodCache(cache);
  });
  console.log(`kills at each step of a pull: ${count(died)}`);
  expect(new Set(died).size).toBeGreaterThan(2);
});

test("a repair that is killed at any moment leaves a cache that is right", async () => {
  const prepare = async () => {
    const cache = temporaryCache();
    const { tree } = await pullInto(cache, { identity: kernel(), serial, archive: () => archive });
    const file = path.join(tree, "include/linux/sched.h");
    chmodSync(file, 0o644);
    writeFileSync(file, "damaged");
    return cache;
  };
  await killAtMoments(3, prepare, { action: "verify" }, async (cache) => {
    // The tree was damaged within this boot, which only verifying finds.
    await cache.verify({ repair: true });
    await expectGoodCache(cache);
  });
});

test("a removal that is killed at any moment leaves a cache that is right", async () => {
  const prepare = async () => {
    const cache = temporaryCache();
    await pullInto(cache, { identity: kernel(), serial, archive: () => archive });
    const other = archiveOf(otherContents);
    await pullInto(cache, { identity: otherKernel, serial: "other", archive: () => other });
    return cache;
  };
  const removed = { action: "remove", digest: (await digestOf(prepare)).slice(0, 12) } as const;
  await killAtMoments(3, prepare, removed, async (cache) => {
    await expectGoodCache(cache);
    const never = () => {
      throw new Error("the other kernel is gone");
    };
    const other = await pullInto(cache, { identity: otherKernel, serial: "other", archive: never });
    expect(listTree(other.tree)).toEqual(treeOf(otherContents));
  });
});

test("an extra whose making is killed at any moment is not there, or whole", async () => {
  const prepare = async () => {
    const cache = temporaryCache();
    await pullInto(cache, { identity: kernel(), serial, archive: () => archive });
    return cache;
  };
  const digest = await digestOf(prepare);
  const kept: boolean[] = [];
  await killAtMoments(5, prepare, { action: "keep extra", digest }, async (cache) => {
    const [digest] = cache.entries().map((entry) => entry.digest);
    if (digest === undefined) throw new Error("the kernel is gone");
    const half = cache.extra(digest, "build");
    kept.push(half !== undefined);
    if (half !== undefined) expect(listTree(half)).toEqual(writtenExtra);
    const whole = await cache.keepExtra(digest, "build", async (path) => writeExtra(path));
    expect(listTree(whole)).toEqual(writtenExtra);
    await expectGoodCache(cache);
  });
  expect(kept).toContain(false);
});

async function digestOf(prepare: () => Promise<Cache>): Promise<string> {
  const [entry] = (await prepare())
    .entriesFor(kernel())
    .filter(({ kernel: { buildId } }) => buildId === kernel().buildId);
  return entry?.digest ?? "";
}
