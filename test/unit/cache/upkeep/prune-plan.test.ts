import fc from "fast-check";
import { expect, test } from "vitest";
import { freedBytes, type Prunable, planPrune } from "../../../../host/cache/upkeep/prune-plan.js";
import { digestNamed } from "../../../support/cache-kernels.js";

const now = 1_000_000;

function item(name: string, lastUse: number, inodes: Record<number, number>, inUse = false): Prunable {
  const pairs = Object.entries(inodes).map(([inode, bytes]) => [BigInt(inode), bytes] as const);
  return { digest: digestNamed(name), lastUse, inUse, inodes: new Map(pairs) };
}

test("shared files are freed only with the last tree that has them", () => {
  const items = [
    item("a", 1, { 1: 100, 2: 10 }),
    item("b", 2, { 1: 100, 3: 10 }),
    item("c", 3, { 1: 100, 4: 10 }),
  ];
  const [a, b] = items.map(({ digest }) => digest);
  expect(planPrune(items, { maxBytes: 120, grace: 0 }, now).remove).toEqual([a]);
  expect(planPrune(items, { maxBytes: 119, grace: 0 }, now).remove).toEqual([a, b]);
  expect(freedBytes(items, new Set(items.slice(0, 2).map(({ digest }) => digest)))).toBe(20);
  expect(freedBytes(items, new Set(items.map(({ digest }) => digest)))).toBe(130);
});

test("with no limit nothing goes", () => {
  expect(planPrune([item("a", 1, { 1: 100 })], { grace: 0 }, now)).toEqual({ remove: [], kept: [] });
});

test("whatever there is: nothing protected goes, nothing too old stays unprotected, and the rest fits if it can", () => {
  const prunable = fc.record({
    lastUse: fc.integer({ min: 0, max: now }),
    inUse: fc.boolean(),
    inodes: fc.dictionary(fc.integer({ min: 1, max: 20 }).map(String), fc.constant(10), { maxKeys: 8 }),
  });
  const limits = fc.record(
    {
      maxBytes: fc.integer({ min: 0, max: 200 }),
      olderThan: fc.integer({ min: 0, max: now }),
      grace: fc.integer({ min: 0, max: now }),
    },
    { requiredKeys: ["grace"] },
  );
  fc.assert(
    fc.property(fc.array(prunable, { maxLength: 8 }), limits, (given, limit) => {
      const items = given.map((each, index) => item(`tree ${index}`, each.lastUse, each.inodes, each.inUse));
      const { remove, kept } = planPrune(items, limit, now);
      const removed = new Set(remove);
      const isProtected = (each: Prunable) => each.inUse || now - each.lastUse < limit.grace;
      const stays = items.filter((each) => !removed.has(each.digest));
      expect(items.filter((each) => removed.has(each.digest) && isProtected(each))).toEqual([]);
      for (const each of stays) {
        const isTooOld = limit.olderThan !== undefined && now - each.lastUse >= limit.olderThan;
        if (isTooOld) expect(isProtected(each)).toBe(true);
      }
      const left = new Set(stays.flatMap((each) => [...each.inodes.keys()])).size * 10;
      const tooMuch = limit.maxBytes !== undefined && left > limit.maxBytes;
      if (tooMuch) expect(stays.every(isProtected)).toBe(true);
      const protectedKept = new Set(items.filter(isProtected).map(({ digest }) => digest));
      expect(kept.every(({ digest }) => protectedKept.has(digest))).toBe(true);
    }),
  );
});
