import type { KnownKernel } from "../../shared/identity.js";
import type { BtfCache, Cache, CacheEntry } from "../cache/index.js";
import type { LocatedTree } from "../pull/tree/locate.js";
import { cachedBtfFromHeaders } from "./from-headers.js";

/**
 * The entry of the BTF that a kernel has itself, by the rule by which headers serve. Of a kernel that is known from files,
 * only the build-id can tell.
 *
 * @throws KheadersError `cache-failed`.
 */
export function cachedEntry(kernel: KnownKernel, btf: BtfCache): CacheEntry | undefined {
  const { fingerprint, version, machine, buildId } = kernel;
  if (fingerprint === undefined || version === undefined || machine === undefined)
    return btf.entries().find((entry) => buildId !== undefined && entry.kernel.buildId === buildId);
  const identity = { ...kernel, fingerprint, version, machine, bootId: undefined };
  const question = { asked: "facts-as-root", rootPossible: false, trustRelease: false } as const;
  const serving = btf.serving(identity, "", question);
  return serving.outcome === "hit" ? serving.entry : undefined;
}

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
