import type { Digest } from "../../../shared/identity.js";
import type { Store } from "../store.js";
import { allDigests, digestsMatching as matching } from "./digests.js";
import { type CacheInfo, info as infoOf, type Listing, list as listOf } from "./listing.js";
import { type PruneOptions, type PruneReport, prune as pruneOf } from "./prune.js";
import { type RemoveReport, removeAll, remove as removeOf } from "./remove.js";
import { type VerifyOptions, type VerifyReport, verify as verifyOf } from "./verify.js";
import { verifyFiles } from "./verify-files.js";

/*
 * Upkeep of a whole cache: its headers, and the BTF files in its folder for them, which are a store of their own.
 */

/** See {@link Cache.list}. */
export function list(store: Store): Listing {
  return { ...listOf(store), btf: listOf(store.btf()).kernels };
}

/** See {@link Cache.info}. */
export async function info(store: Store): Promise<CacheInfo> {
  const headers = await infoOf(store);
  const btf = await infoOf(store.btf());
  return {
    ...headers,
    bytes: headers.bytes + btf.bytes,
    inodes: headers.inodes + btf.inodes,
    inUse: headers.inUse + btf.inUse,
    btf: btf.kernels,
    btfBytes: btf.archiveBytes,
  };
}

/** See {@link Cache.verify}. */
export async function verify(store: Store, options: VerifyOptions): Promise<VerifyReport> {
  const headers = await verifyOf(store, options);
  const btf = await verifyFiles(store.btf(), options);
  return {
    checked: headers.checked + btf.checked,
    problems: [...headers.problems, ...btf.problems],
    leftovers: [...headers.leftovers, ...btf.leftovers],
  };
}

/** See {@link Cache.prune}. Headers go first, because BTF files are small. */
export async function prune(store: Store, options: PruneOptions): Promise<PruneReport> {
  const { maxBytes } = options;
  const within = (others: number) => (maxBytes === undefined ? undefined : Math.max(0, maxBytes - others));
  const headers = await pruneOf(store, { ...options, maxBytes: within((await infoOf(store.btf())).bytes) });
  const btf = await pruneOf(store.btf(), { ...options, maxBytes: within(headers.bytes) });
  return {
    removed: [...headers.removed, ...btf.removed],
    kept: [...headers.kept, ...btf.kept],
    freedBytes: headers.freedBytes + btf.freedBytes,
    bytes: headers.bytes + btf.bytes,
    leftovers: [...headers.leftovers, ...btf.leftovers],
  };
}

/** See {@link Cache.digestsMatching}. */
export function digestsMatching(store: Store, text: string): Digest[] {
  return [store, store.btf()].flatMap(({ paths }) => matching(paths, text));
}

/** See {@link Cache.remove}. */
export async function remove(
  store: Store,
  what: readonly Digest[] | "all",
  signal: AbortSignal | undefined,
): Promise<RemoveReport> {
  const reports: RemoveReport[] = [];
  for (const part of [store, store.btf()]) {
    const its = new Set(allDigests(part.paths));
    if (what === "all") reports.push(await removeAll(part, signal));
    else
      reports.push(
        await removeOf(
          part,
          what.filter((digest) => its.has(digest)),
          signal,
        ),
      );
  }
  return {
    removed: reports.flatMap(({ removed }) => removed),
    inUse: reports.flatMap(({ inUse }) => inUse),
    freedBytes: reports.reduce((sum, { freedBytes }) => sum + freedBytes, 0),
  };
}
