import type { Digest } from "../../../shared/identity.js";
import { lastUseOf } from "../disk/last-use.js";
import { statIfThere } from "../disk/stat.js";
import { entriesOf, entryIds } from "../kernels/entries.js";
import { allBootSightings } from "../kernels/sightings.js";
import { liveLeases } from "../locks/lease.js";
import { sweep } from "../publish/sweep.js";
import type { Store } from "../store.js";
import { totalOf } from "./disk-use.js";
import { freedBytes, type PruneLimits, planPrune } from "./prune-plan.js";
import { forget, isLeased, measureAll, type RemovedTree, removeDigest } from "./remove.js";

/** What to prune. Times are in milliseconds. */
export interface PruneOptions extends Omit<PruneLimits, "grace"> {
  /** What was used within that time stays; 24 hours if not given. */
  readonly grace?: number | undefined;
  /** Changes nothing, and reports what would be removed. */
  readonly dryRun?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface PruneReport {
  /** Removed, or with `dryRun` to be removed; the least recently used first. */
  readonly removed: readonly RemovedTree[];
  /** What should have been removed, but is in use or was used within the grace. */
  readonly kept: readonly { readonly digest: Digest; readonly why: "in-use" | "grace" }[];
  /** Bytes that were freed. */
  readonly freedBytes: number;
  /** Bytes that archives, trees and extras still take on the disk. */
  readonly bytes: number;
  /** Temporary files of processes that died, which were removed. */
  readonly leftovers: readonly string[];
}

const day = 24 * 3_600_000;

/** A boot that was not seen for that long is forgotten. Knowing it only saves a question to the device. */
const maxBootAge = 30 * day;

/**
 * Removes what is older than allowed, then what was used least recently until the rest fits, and what dead
 * processes left. Never removes what a running process has leased or what was used within the grace.
 *
 * @throws KheadersError `cache-failed`; the signal's reason when it aborts.
 */
export async function prune(store: Store, options: PruneOptions): Promise<PruneReport> {
  const { paths } = store;
  const { maxBytes, olderThan, grace = day, dryRun = false, signal } = options;
  const leftovers = dryRun ? [] : await sweep(store, { signal });
  const uses = await measureAll(store);
  const { subjects } = await liveLeases(paths, store.now());
  const items = uses.map((use) => ({
    ...use,
    lastUse: lastUseOf(paths, use.digest),
    inUse: subjects.has(use.digest),
  }));
  const plan = planPrune(items, { maxBytes, olderThan, grace }, store.now().getTime());
  const lastUses = new Map(items.map(({ digest, lastUse }) => [digest, lastUse]));
  const removed: RemovedTree[] = [];
  const kept = [...plan.kept];
  for (const digest of plan.remove) {
    if (dryRun) {
      removed.push({ digest, kernels: entriesOf(paths, digest) });
      continue;
    }
    const isUsed = async () =>
      lastUseOf(paths, digest) !== lastUses.get(digest) || (await isLeased(store, digest));
    const gone = await removeDigest(store, digest, signal, isUsed);
    if (gone === undefined) kept.push({ digest, why: "in-use" });
    else removed.push(gone);
  }
  if (!dryRun) forgetOldBoots(store);
  const gone = new Set(removed.map((tree) => tree.digest));
  const freed = freedBytes(uses, gone);
  return { removed, kept, freedBytes: freed, bytes: totalOf(uses).bytes - freed, leftovers };
}

function forgetOldBoots(store: Store): void {
  const entries = new Set(entryIds(store.paths));
  const now = store.now().getTime();
  for (const { entry, file } of allBootSightings(store.paths)) {
    const lastUse = statIfThere(file)?.mtimeMs ?? now;
    if (!entries.has(entry) || now - lastUse >= maxBootAge) forget(file);
  }
}
