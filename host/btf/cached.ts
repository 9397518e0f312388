import type { Cache } from "../cache/index.js";
import type { LocatedTree } from "../pull/tree/locate.js";
import { cachedEntry } from "./entry.js";
import { cachedBtfFromHeaders } from "./from-headers.js";

/**
 * The path of the best BTF that the cache has of a tree's kernel; undefined if it has none. Nothing is made, and no device
 * is asked.
 *
 * @throws KheadersError `cache-failed`.
 */
export function cachedBtf({ digest, entry }: LocatedTree, cache: Cache): string | undefined {
  const own = entry && cachedEntry(entry.kernel, cache.btf);
  const path = own && cache.btf.open(own);
  return path ?? (digest && cachedBtfFromHeaders({ cache }, digest)?.path);
}
