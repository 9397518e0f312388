import type { Digest } from "../../../shared/identity.js";
import { lastUseOf } from "../disk/last-use.js";
import { formatNumber } from "../disk/paths.js";
import { statIfThere } from "../disk/stat.js";
import { allEntries } from "../kernels/entries.js";
import type { CacheEntry } from "../kernels/entry.js";
import { allBootSightings } from "../kernels/sightings.js";
import { liveLeases } from "../locks/lease.js";
import type { Store } from "../store.js";
import { readTreeRecord, type TreeStats } from "../trees/record.js";
import { allDigests } from "./digests.js";
import { measure, totalOf } from "./disk-use.js";

/** A kernel in the cache. */
export interface ListedKernel {
  readonly entry: CacheEntry;
  /** What its tree holds; undefined if the cache lost it. */
  readonly stats: TreeStats | undefined;
  /** Its path; undefined if the cache lost it. */
  readonly tree: string | undefined;
  readonly lastUse: Date;
  /** The serials on which it was seen, sorted. */
  readonly serials: readonly string[];
}

/** A tree that serves no kernel: unpacked with `--allow-mismatch`, or its entry was lost. */
export interface ListedTree extends TreeStats {
  readonly digest: Digest;
  /** Size of the archive. */
  readonly bytes: number;
  readonly lastUse: Date;
  readonly tree: string;
}

export interface Listing {
  /** The latest first. */
  readonly kernels: readonly ListedKernel[];
  readonly apart: readonly ListedTree[];
  /** Kernels whose own BTF there is, the latest first; the digest and bytes of their entries are those of the BTF. */
  readonly btf: readonly ListedKernel[];
}

export interface CacheInfo {
  readonly dir: string;
  readonly format: number;
  readonly kernels: number;
  readonly trees: number;
  /** Bytes on the disk and inodes of all archives, trees and BTF files; shared files count once. */
  readonly bytes: number;
  readonly inodes: number;
  /** BTF files of kernels, and their bytes. */
  readonly btf: number;
  readonly btfBytes: number;
  /** Bytes of the archives alone. */
  readonly archiveBytes: number;
  /** Trees that a running process uses. */
  readonly inUse: number;
}

/** Lists what the cache has. @throws KheadersError `cache-failed`. */
export function list(store: Store): Omit<Listing, "btf"> {
  const { paths } = store;
  const entries = allEntries(paths);
  const serials = serialsByEntry(store);
  const kernels = entries.map((entry) => {
    const stats = statIfThere(paths.tree(entry.digest)) && readTreeRecord(paths, entry.digest);
    return {
      entry,
      stats,
      tree: stats && paths.tree(entry.digest),
      lastUse: statIfThere(paths.entry(entry.id))?.mtime ?? entry.created,
      serials: [...(serials.get(entry.id) ?? [])].sort(),
    };
  });
  const served = new Set(entries.map((entry) => entry.digest));
  const apart = allDigests(paths)
    .filter((digest) => !served.has(digest))
    .map((digest) => listTree(store, digest))
    .filter((tree) => tree !== undefined);
  return { kernels, apart };
}

/** Sums up what the cache has; looks at every file. @throws KheadersError `cache-failed`. */
export async function info(store: Store): Promise<Omit<CacheInfo, "btf" | "btfBytes">> {
  const { paths } = store;
  const digests = allDigests(paths);
  const uses = [];
  let archiveBytes = 0;
  for (const digest of digests) {
    uses.push(await measure(paths, digest));
    archiveBytes += statIfThere(paths.archive(digest))?.size ?? 0;
  }
  const { subjects } = await liveLeases(paths, store.now());
  return {
    dir: paths.root,
    format: formatNumber,
    kernels: allEntries(paths).length,
    trees: digests.filter((digest) => readTreeRecord(paths, digest) !== undefined).length,
    ...totalOf(uses),
    archiveBytes,
    inUse: digests.filter((digest) => subjects.has(digest)).length,
  };
}

function serialsByEntry(store: Store): Map<string, Set<string>> {
  const serials = new Map<string, Set<string>>();
  for (const { entry, serial } of allBootSightings(store.paths)) {
    const seen = serials.get(entry) ?? new Set();
    serials.set(entry, seen.add(serial));
  }
  return serials;
}

function listTree(store: Store, digest: Digest): ListedTree | undefined {
  const record = readTreeRecord(store.paths, digest);
  if (record === undefined) return undefined;
  const { bytes, files, folders, links, unpackedBytes } = record;
  const lastUse = new Date(lastUseOf(store.paths, digest));
  return { digest, bytes, files, folders, links, unpackedBytes, lastUse, tree: store.paths.tree(digest) };
}
