import type { Digest } from "../../../shared/identity.js";
import type { CachePaths } from "../disk/paths.js";
import type { CacheEntry } from "../kernels/entry.js";

/** A whole tree and its archive. Both are read-only. */
export interface OpenedTree {
  /** SHA-256 of the archive. */
  readonly digest: Digest;
  /** Size of the archive. */
  readonly bytes: number;
  /** Absolute path of the tree. */
  readonly tree: string;
  /** Absolute path of the archive. */
  readonly archive: string;
  /** The kernel that it serves; undefined for a tree that is kept apart. */
  readonly entry: CacheEntry | undefined;
}

/** Makes the {@link OpenedTree} of a digest. */
export function openedTree(
  paths: CachePaths,
  made: { readonly digest: Digest; readonly bytes: number },
  entry: CacheEntry | undefined,
): OpenedTree {
  const { digest, bytes } = made;
  return { digest, bytes, tree: paths.tree(digest), archive: paths.archive(digest), entry };
}
