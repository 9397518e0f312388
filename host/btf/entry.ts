import type { KnownKernel } from "../../shared/identity.js";
import type { BtfCache, CacheEntry } from "../cache/index.js";

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
