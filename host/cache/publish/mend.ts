import { statSync } from "node:fs";
import type { Digest } from "../../../shared/identity.js";
import { membersOfArchive } from "../../archive/read-file.js";
import { isNotWritable } from "../disk/errors.js";
import { readIfThere } from "../disk/read-file.js";
import { digestOf } from "../disk/sha256.js";
import { entriesOf } from "../kernels/entries.js";
import type { Store } from "../store.js";
import { damageOfTree } from "../trees/damage.js";
import { readManifest } from "../trees/manifest.js";
import { readTreeRecord, type TreeRecord, writeTreeRecord } from "../trees/record.js";
import { isUnchanged, linkIfUnchanged, SharedFiles } from "../trees/sharing.js";
import { isArchiveWhole, soundRecord } from "../trees/state.js";
import { type LinkEqualFile, TreeWriter } from "../trees/writer.js";
import { installLocked } from "./install.js";
import { Work } from "./work.js";

/** How a tree was found. */
export type Mended = "whole" | "repaired" | "lost";

/**
 * Makes sure that the tree and the archive of a digest are whole: reads both, unless another process has just
 * done so, settles them if they have outlived a boot, and makes a damaged tree again from the archive.
 *
 * @param onRepair Called before the tree is made again.
 * @returns `lost` if the archive itself is missing or damaged; then nothing was changed.
 * @throws KheadersError `disk-full` or `cache-failed`; the signal's reason when it aborts.
 */
export function mend(
  store: Store,
  digest: Digest,
  options: { readonly signal?: AbortSignal | undefined; readonly onRepair?: (() => void) | undefined },
): Promise<Mended> {
  const { signal, onRepair } = options;
  return store.withDigestLock(digest, signal, async () => {
    if (soundRecord(store, digest) !== undefined) return "whole";
    if (!(await isArchiveWhole(store.paths, digest, signal))) return "lost";
    const record = readTreeRecord(store.paths, digest);
    if (record !== undefined && (await isTreeAsRecorded(store, record, signal))) {
      settle(store, record);
      return "whole";
    }
    onRepair?.();
    await rebuild(store, digest, signal);
    return "repaired";
  });
}

async function isTreeAsRecorded(
  store: Store,
  record: TreeRecord,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const manifest = readManifest(store.paths, record);
  if (manifest === undefined) return false;
  return (
    (await damageOfTree(store.paths.tree(record.digest), manifest, record.keepsModes, signal)).length === 0
  );
}

/**
 * Notes that archive and tree, just read and found whole, have reached the disk. That is known only in a
 * later boot of the workstation than the one they were written in. In a cache that may not be written nothing
 * is noted, and they are read again at each use.
 *
 * @throws KheadersError `disk-full` or `cache-failed`.
 */
export function settle(store: Store, record: TreeRecord): void {
  const { hostBootId } = store;
  if (record.hostBoot === undefined || hostBootId === undefined || record.hostBoot === hostBootId) return;
  try {
    writeTreeRecord(store.paths, { ...record, settled: true });
  } catch (error) {
    if (!(error instanceof Error) || !isNotWritable(error.cause)) throw error;
  }
}

/**
 * Makes the tree again from its archive, which is whole; the caller holds the digest's lock. Files that are
 * still whole are read and then linked, those of the damaged tree first.
 *
 * @throws KheadersError `disk-full` or `cache-failed`; the signal's reason when it aborts.
 */
export async function rebuild(store: Store, digest: Digest, signal: AbortSignal | undefined): Promise<void> {
  const archive = store.paths.archive(digest);
  const work = await Work.begin(store, signal);
  try {
    const tree = new TreeWriter(work.tree, linkWholeFile(store, digest));
    const { caseInsensitive } = work;
    for await (const entry of membersOfArchive(archive, { caseInsensitive, signal })) tree.add(entry);
    const { size } = statSync(archive);
    const manifest = tree.seal();
    await installLocked(store, work, { digest, bytes: size, manifest, keepsModes: tree.keepsModes });
  } finally {
    await work.end({ signal });
  }
}

function linkWholeFile(store: Store, digest: Digest): LinkEqualFile {
  const release = entriesOf(store.paths, digest)[0]?.kernel.release;
  const shared = release === undefined ? undefined : new SharedFiles(store, release);
  return ({ path, sha256, executable, size }, target) => {
    const linkIfWhole = (source: string | undefined) =>
      source !== undefined &&
      isUnchanged(source, size, executable) &&
      hasContent(source, size, sha256) &&
      linkIfUnchanged(source, target, size, executable);
    return (
      linkIfWhole(`${store.paths.tree(digest)}/${path}`) || linkIfWhole(shared?.find(sha256, executable))
    );
  };
}

function hasContent(file: string, size: number, sha256: Digest): boolean {
  try {
    const content = readIfThere(file, size);
    return content !== undefined && digestOf(content) === sha256;
  } catch {
    // A file that cannot be read, for any reason, is not shared: it is written again.
    return false;
  }
}
