import type { Digest } from "../../../shared/identity.js";
import { diskError } from "../disk/errors.js";
import type { CachePaths } from "../disk/paths.js";
import { digestOfFile } from "../disk/sha256.js";
import { statIfThere } from "../disk/stat.js";
import type { Store } from "../store.js";
import { readTreeRecord, type TreeRecord } from "./record.js";

/**
 * Whether archive and tree can be trusted without reading them: they are known to have reached the disk, or
 * were written in this boot of the workstation, so that there was no power cut since.
 */
export function isSound(store: Store, record: TreeRecord): boolean {
  return record.settled || (record.hostBoot !== undefined && record.hostBoot === store.hostBootId);
}

/**
 * The cheap check: the record is sound, the tree exists, and the archive has the recorded size.
 *
 * @returns The record, or undefined if more must be checked before the tree may serve.
 * @throws KheadersError `cache-failed` if the disk cannot be read.
 */
export function soundRecord(store: Store, digest: Digest): TreeRecord | undefined {
  const record = readTreeRecord(store.paths, digest);
  if (record === undefined || !isSound(store, record)) return undefined;
  const tree = statIfThere(store.paths.tree(digest));
  const archive = statIfThere(store.paths.archive(digest));
  return tree?.isDirectory() && archive?.isFile() && archive.size === record.bytes ? record : undefined;
}

/**
 * Whether the archive of a digest exists and has that digest.
 *
 * @throws KheadersError `cache-failed` if the disk cannot be read; the signal's reason when it aborts.
 */
export async function isArchiveWhole(
  paths: CachePaths,
  digest: Digest,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const archive = paths.archive(digest);
  try {
    return (await digestOfFile(archive, signal)) === digest;
  } catch (error) {
    if (signal?.aborted) throw error;
    throw diskError(error, "read the archive", archive);
  }
}
