import { readdirSync } from "node:fs";
import path from "node:path";
import { diskError, isMissing } from "../disk/errors.js";
import { isNameOfSmallFile, isTemporaryName, leaseOfName } from "../disk/paths.js";
import { type RemovalLimits, removeIfAllowed } from "../disk/remove-tree.js";
import { statIfThere } from "../disk/stat.js";
import { liveLeases } from "../locks/lease.js";
import type { Store } from "../store.js";

/**
 * Milliseconds after which a small file under a temporary name is a leftover; usually it is renamed at once.
 */
const maxSmallFileAge = 3_600_000;

/**
 * Removes the temporary files of processes that died. Names of any other form are left alone.
 *
 * @param limits What is left when they are reached is removed by the next sweep.
 * @returns The paths that were removed.
 * @throws KheadersError `cache-failed`; the signal's reason when it aborts.
 */
export async function sweep(store: Store, limits: RemovalLimits = {}): Promise<string[]> {
  const { signal } = limits;
  const left = temporaries([store.paths.base, ...store.paths.folders, store.paths.extras]);
  const now = store.now();
  const { ids } = await liveLeases(store.paths, now);
  const removed: string[] = [];
  for (const file of left.filter((name) => isDead(name, ids, now))) {
    signal?.throwIfAborted();
    if (await removeIfAllowed(file, limits)) removed.push(file);
  }
  signal?.throwIfAborted();
  return removed;
}

function temporaries(folders: readonly string[]): string[] {
  return folders.flatMap((folder) => {
    try {
      const names = readdirSync(folder).filter((name) => isTemporaryName(name));
      return names.map((name) => path.join(folder, name));
    } catch (error) {
      if (isMissing(error)) return [];
      throw diskError(error, "read the cache", folder);
    }
  });
}

function isDead(file: string, liveIds: ReadonlySet<string>, now: Date): boolean {
  const name = path.basename(file);
  const lease = leaseOfName(name);
  if (lease !== undefined) return !liveIds.has(lease);
  const stat = statIfThere(file);
  return isNameOfSmallFile(name) && stat?.isFile() === true && now.getTime() - stat.mtimeMs > maxSmallFileAge;
}
