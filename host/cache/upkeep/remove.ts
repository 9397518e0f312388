import { renameSync, rmSync } from "node:fs";
import { errnoOf } from "../../../shared/errors.js";
import type { Digest } from "../../../shared/identity.js";
import { diskError, isMissing } from "../disk/errors.js";
import { allEntries, entriesOf, entryIds, namesIn } from "../kernels/entries.js";
import type { CacheEntry } from "../kernels/entry.js";
import { allBootSightings } from "../kernels/sightings.js";
import { liveLeases } from "../locks/lease.js";
import { sweep } from "../publish/sweep.js";
import { Work } from "../publish/work.js";
import type { Store } from "../store.js";
import { allDigests } from "./digests.js";
import { type DiskUse, measure } from "./disk-use.js";
import { freedBytes } from "./prune-plan.js";

/** An archive that was removed with its tree and its entries. */
export interface RemovedTree {
  readonly digest: Digest;
  /** The kernels that it served. */
  readonly kernels: readonly CacheEntry[];
}

export interface RemoveReport {
  readonly removed: readonly RemovedTree[];
  /** What stayed because a running process uses it. */
  readonly inUse: readonly Digest[];
  /** Bytes that were freed. */
  readonly freedBytes: number;
}

/**
 * Removes archives with their trees and entries, except those that a running process has leased.
 *
 * @throws KheadersError `cache-failed`; the signal's reason when it aborts.
 */
export async function remove(
  store: Store,
  digests: readonly Digest[],
  signal: AbortSignal | undefined,
): Promise<RemoveReport> {
  const before = await measureAll(store);
  const removed: RemovedTree[] = [];
  const inUse: Digest[] = [];
  for (const digest of digests) {
    const gone = await removeDigest(store, digest, signal, () => isLeased(store, digest));
    if (gone === undefined) inUse.push(digest);
    else removed.push(gone);
  }
  const freed = freedBytes(before, new Set(removed.map((tree) => tree.digest)));
  return { removed, inUse, freedBytes: freed };
}

/**
 * Removes all that the cache has, also what cannot be read, except what a running process uses. Its folders
 * stay, because others may be about to write there.
 *
 * @throws KheadersError `cache-failed`; the signal's reason when it aborts.
 */
export async function removeAll(store: Store, signal: AbortSignal | undefined): Promise<RemoveReport> {
  const { paths } = store;
  const report = await remove(store, allDigests(paths), signal);
  const kept = new Set(report.inUse);
  const keptEntries = new Set(
    allEntries(paths)
      .filter((entry) => kept.has(entry.digest))
      .map((entry) => entry.id),
  );
  for (const id of entryIds(paths)) if (!keptEntries.has(id)) forget(paths.entry(id));
  if (keptEntries.size === 0) {
    for (const folder of [paths.boots, paths.serials]) {
      for (const name of namesIn(folder)) forget(`${folder}/${name}`);
    }
  }
  await sweep(store, { signal });
  return report;
}

/**
 * Removes one archive with its tree, extras and entries, unless it is in use. Its tree is moved away first. If its
 * use began meanwhile, it is moved back: a process that took a lease before this finds it again, and a later one finds
 * it gone.
 *
 * @param isUsed Called before and after the tree is moved away.
 * @returns Undefined if it is in use, and so stayed.
 * @throws KheadersError `cache-failed`; the signal's reason when it aborts.
 */
export function removeDigest(
  store: Store,
  digest: Digest,
  signal: AbortSignal | undefined,
  isUsed: () => Promise<boolean>,
): Promise<RemovedTree | undefined> {
  const { paths } = store;
  return store.withDigestLock(digest, signal, async () => {
    if (await isUsed()) return undefined;
    const work = await Work.begin(store, signal);
    try {
      const tree = paths.tree(digest);
      move(tree, work.removed);
      let isFree = false;
      try {
        isFree = !(await isUsed());
      } finally {
        if (!isFree) putBack(work.removed, tree);
      }
      if (!isFree) return undefined;
      move(paths.extrasOf(digest), work.removedExtra);
      const kernels = forgetEntries(store, digest);
      for (const file of [paths.record(digest), paths.archive(digest), paths.manifest(digest)]) forget(file);
      return { digest, kernels };
    } finally {
      await work.end({ signal });
    }
  });
}

/** Whether a running process has leased a digest. @throws KheadersError `cache-failed`. */
export async function isLeased(store: Store, digest: Digest): Promise<boolean> {
  return (await liveLeases(store.paths, store.now())).subjects.has(digest);
}

/** Measures all that the cache has. @throws KheadersError `cache-failed`. */
export async function measureAll(store: Store): Promise<DiskUse[]> {
  const uses = [];
  for (const digest of allDigests(store.paths)) uses.push(await measure(store.paths, digest));
  return uses;
}

function forgetEntries(store: Store, digest: Digest): CacheEntry[] {
  const { paths } = store;
  const entries = entriesOf(paths, digest);
  const ids = new Set(entries.map((entry) => entry.id));
  for (const entry of entries) forget(paths.entry(entry.id));
  for (const sighting of allBootSightings(paths)) if (ids.has(sighting.entry)) forget(sighting.file);
  return entries;
}

function move(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!isMissing(error)) throw diskError(error, "remove from the cache", from);
  }
}

function putBack(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    // A process that missed the tree has made it again.
    if (isMissing(error) || errnoOf(error) === "ENOTEMPTY" || errnoOf(error) === "EEXIST") return;
    throw diskError(error, "put the tree back", to);
  }
}

/** @throws KheadersError `cache-failed`. */
export function forget(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch (error) {
    throw diskError(error, "remove from the cache", file);
  }
}
