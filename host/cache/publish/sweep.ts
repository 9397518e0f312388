import { readdirSync } from "node:fs";
import path from "node:path";
import { diskError, isMissing } from "../disk/errors.js";
import { temporaryPrefix } from "../disk/paths.js";
import { removeIfAllowed } from "../disk/remove-tree.js";
import { statIfThere } from "../disk/stat.js";
import { liveLeases } from "../locks/lease.js";
import type { Store } from "../store.js";

/** For how long a small file may stay under its temporary name, in milliseconds; its rename follows at once. */
const smallFileStays = 3_600_000;

/**
 * Removes the temporary files of workers who died.
 *
 * @returns The paths that were removed.
 * @throws KheadersError `cache-failed`.
 */
export async function sweep(store: Store): Promise<string[]> {
  const left = temporaries([store.paths.root, ...store.paths.folders, store.paths.extras]);
  const now = store.now();
  const { ids } = await liveLeases(store.paths, now);
  return left.filter((file) => isDead(file, ids, now) && removeIfAllowed(file));
}

function temporaries(folders: readonly string[]): string[] {
  return folders.flatMap((folder) => {
    try {
      const names = readdirSync(folder).filter((name) => name.startsWith(temporaryPrefix));
      return names.map((name) => path.join(folder, name));
    } catch (error) {
      if (isMissing(error)) return [];
      throw diskError(error, "read the cache", folder);
    }
  });
}

function isDead(file: string, liveIds: ReadonlySet<string>, now: Date): boolean {
  const lease = /^([0-9a-f]{16}-\d+)(?:-old)?$/.exec(path.basename(file).slice(temporaryPrefix.length))?.[1];
  if (lease !== undefined) return !liveIds.has(lease);
  const written = statIfThere(file)?.mtimeMs ?? 0;
  return now.getTime() - written > smallFileStays;
}
