import { type Dirent, lstatSync, readdirSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Digest } from "../../../shared/identity.js";
import { diskError, isMissing, isNotWritable } from "../disk/errors.js";
import type { CachePaths } from "../disk/paths.js";

/**
 * What the archive, the tree and the extras of a digest take on the disk: bytes by inode, so that shared
 * files count once.
 */
export interface DiskUse {
  readonly digest: Digest;
  readonly inodes: ReadonlyMap<bigint, number>;
}

/** What several digests take together. */
export interface DiskTotal {
  /** Bytes, as the file system allocates them. */
  readonly bytes: number;
  readonly inodes: number;
}

/** Measures what a digest takes. @throws KheadersError `cache-failed`. */
export async function measure(paths: CachePaths, digest: Digest): Promise<DiskUse> {
  const inodes = new Map<bigint, number>();
  for (const file of [paths.archive(digest), paths.record(digest), paths.manifest(digest)])
    count(file, inodes);
  const folders = [paths.tree(digest), paths.extrasOf(digest)].filter((folder) => count(folder, inodes));
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const child of list(folder)) {
      const file = `${folder}/${child.name}`;
      count(file, inodes);
      if (child.isDirectory()) folders.push(file);
    }
    await nextTurn();
  }
  return { digest, inodes };
}

/** Adds up what several digests take; shared files count once. */
export function totalOf(uses: Iterable<DiskUse>): DiskTotal {
  const all = new Map<bigint, number>();
  for (const { inodes } of uses) for (const [inode, bytes] of inodes) all.set(inode, bytes);
  let bytes = 0;
  for (const size of all.values()) bytes += size;
  return { bytes, inodes: all.size };
}

function count(file: string, inodes: Map<bigint, number>): boolean {
  try {
    // An inode number may have more digits than a double holds (overlayfs, XFS).
    const { ino, blocks } = lstatSync(file, { bigint: true });
    // stat(2): st_blocks counts units of 512 bytes, whatever the file system's block size.
    inodes.set(ino, Number(blocks) * 512);
    return true;
  } catch (error) {
    if (isMissing(error) || isNotWritable(error)) return false;
    throw diskError(error, "read the cache", file);
  }
}

function list(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    // Removed meanwhile, or damaged (`verify` reports that), or an extra that its maker left unreadable.
    if (isMissing(error) || isNotWritable(error)) return [];
    throw diskError(error, "read the cache", folder);
  }
}
