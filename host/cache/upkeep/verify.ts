import { existsSync } from "node:fs";
import { exitStatusOf, KheadersError } from "../../../shared/errors.js";
import type { Digest } from "../../../shared/identity.js";
import { digestOf } from "../disk/sha256.js";
import { entriesOf, entryIds, readEntry } from "../kernels/entries.js";
import { rebuild, settle } from "../publish/mend.js";
import { sweep } from "../publish/sweep.js";
import type { Store } from "../store.js";
import { manifestOfArchive } from "../trees/archive-manifest.js";
import { damageOfTree } from "../trees/damage.js";
import { formatManifest, hasManifest, type Manifest } from "../trees/manifest.js";
import { readTreeRecord } from "../trees/record.js";
import { isArchiveWhole } from "../trees/state.js";
import { allDigests } from "./digests.js";
import { forget, isLeased, removeDigest } from "./remove.js";

/** The exit status of the errors that an archive's content causes. */
const badArchive = exitStatusOf["archive-corrupt"];

/** Something wrong in the cache. */
export interface Problem {
  readonly what: "archive" | "tree" | "btf" | "entry";
  /** Absolute. */
  readonly path: string;
  /** What is wrong with it, fit for a terminal. */
  readonly detail: string;
  /**
   * `repaired`: made whole again. `removed`: could not be mended, and was removed with all that depends on
   * it; it must be pulled again. `found`: left as it is, because nothing was to be changed or a running
   * process uses it.
   */
  readonly outcome: "repaired" | "removed" | "found";
}

export interface VerifyReport {
  /** How many archives, with their trees, and BTF files were checked. */
  readonly checked: number;
  readonly problems: readonly Problem[];
  /** What dead processes left and was removed: temporary files, and archives without a tree. */
  readonly leftovers: readonly string[];
}

export interface VerifyOptions {
  /** Whether to change anything. */
  readonly repair: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Called after each archive. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/**
 * Checks every archive against its digest, every tree against its archive, and that every entry can be read.
 * What is missing in a tree, or changed, is made again from the archive.
 *
 * @throws KheadersError `cache-failed`, or `disk-full` if a repair finds no space; the signal's reason when
 * it aborts.
 */
export async function verify(store: Store, options: VerifyOptions): Promise<VerifyReport> {
  const { repair, signal, onProgress } = options;
  const leftovers = repair ? await sweep(store, { signal }) : [];
  const problems = unreadableEntries(store, repair);
  const digests = allDigests(store.paths);
  let checked = 0;
  for (const [index, digest] of digests.entries()) {
    signal?.throwIfAborted();
    if (await isLeftover(store, digest)) {
      if (repair) {
        await removeDigest(store, digest, signal, async () => !(await isLeftover(store, digest)));
        leftovers.push(store.paths.archive(digest));
      }
    } else {
      const problem = await verifyDigest(store, digest, repair, signal);
      if (problem !== undefined) problems.push(problem);
      checked += 1;
    }
    onProgress?.(index + 1, digests.length);
  }
  return { checked, problems, leftovers };
}

/**
 * Entries whose files were cut short or changed. Their trees stay, and serve again once the kernel is pulled
 * again.
 */
export function unreadableEntries(store: Store, repair: boolean): Problem[] {
  const { paths } = store;
  return entryIds(paths)
    .filter((id) => readEntry(paths, id) === undefined)
    .map((id) => {
      const path = paths.entry(id);
      if (repair) forget(path);
      return { what: "entry", path, detail: "cannot be read", outcome: repair ? "removed" : "found" };
    });
}

/** Whether a digest was never published: its process died before it wrote the record. */
async function isLeftover(store: Store, digest: Digest): Promise<boolean> {
  return (
    readTreeRecord(store.paths, digest) === undefined &&
    entriesOf(store.paths, digest).length === 0 &&
    !(await isLeased(store, digest))
  );
}

async function verifyDigest(
  store: Store,
  digest: Digest,
  repair: boolean,
  signal: AbortSignal | undefined,
): Promise<Problem | undefined> {
  const problem = await store.withDigestLock(digest, signal, async () => {
    const manifest = await readableManifest(store, digest, signal);
    if (typeof manifest !== "string") return verifyTree(store, digest, manifest, repair, signal);
    const path = store.paths.archive(digest);
    return { what: "archive", path, detail: manifest, outcome: "found" } as const;
  });
  if (problem?.what !== "archive" || !repair) return problem;
  const removed = await removeDigest(store, digest, signal, () => isLeased(store, digest));
  return { ...problem, outcome: removed === undefined ? "found" : "removed" };
}

/** The manifest of the tree that the archive of a digest makes, or what is wrong with the archive. */
async function readableManifest(
  store: Store,
  digest: Digest,
  signal: AbortSignal | undefined,
): Promise<Manifest | string> {
  const archive = store.paths.archive(digest);
  if (!existsSync(archive)) return "is missing";
  if (!(await isArchiveWhole(store.paths, digest, signal))) return "does not match the digest in its name";
  try {
    return await manifestOfArchive(archive, { caseInsensitive: false, signal });
  } catch (error) {
    // Its digest is right, so it was pulled like this, by a version of kheaders that accepted it.
    if (error instanceof KheadersError && error.exitStatus === badArchive) return error.message;
    throw error;
  }
}

async function verifyTree(
  store: Store,
  digest: Digest,
  manifest: Manifest,
  repair: boolean,
  signal: AbortSignal | undefined,
): Promise<Problem | undefined> {
  const path = store.paths.tree(digest);
  const record = readTreeRecord(store.paths, digest);
  const damage = await damageOfTree(path, manifest, record?.keepsModes ?? true, signal);
  const isRecorded = record?.manifest === digestOf(formatManifest(manifest));
  if (!isRecorded || !hasManifest(store.paths, record)) {
    damage.push("its manifest is missing or damaged");
  }
  const [first] = damage;
  if (record !== undefined && first === undefined) {
    if (repair) settle(store, record);
    return undefined;
  }
  if (repair) await rebuild(store, digest, signal);
  const more = damage.length > 1 ? `, and ${damage.length - 1} more` : "";
  return { what: "tree", path, detail: `${first}${more}`, outcome: repair ? "repaired" : "found" };
}
