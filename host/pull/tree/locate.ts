import { statSync } from "node:fs";
import { resolve } from "node:path";
import { KheadersError } from "../../../shared/errors.js";
import { asDigestBeginning, type Digest } from "../../../shared/identity.js";
import { printable } from "../../../shared/printable.js";
import type { CacheEntry } from "../../cache/index.js";
import type { PullOptions } from "../options.js";
import type { PullResult } from "../result.js";
import { holdTree } from "./hold.js";

/** A tree, where it was found, and what the cache knows about it. */
export type LocatedTree =
  /** Pulled from a device, or taken from the cache for it. */
  | (CachedTree & { readonly from: "device"; readonly result: PullResult })
  /** Named by its digest, or by its path in the cache. */
  | (CachedTree & { readonly from: "cache" })
  /** A folder outside the cache. */
  | {
      readonly from: "folder";
      /** Absolute path. */
      readonly tree: string;
      readonly digest?: undefined;
      readonly entry?: undefined;
    };

interface CachedTree {
  /** Absolute path. */
  readonly tree: string;
  /** The SHA-256 of its archive. */
  readonly digest: Digest;
  /** The kernel that it serves; undefined if none is known, or if its archive serves several. */
  readonly entry: CacheEntry | undefined;
}

/**
 * Locates the tree that a user means and runs `work` on it. Until it ends, a cached tree is neither pruned nor removed.
 *
 * @param what A folder, or the digest of a cached archive (8 hexadecimal digits or more); undefined for the headers of
 * the chosen device, which are pulled if need be.
 * @throws KheadersError `not-cached`, `several-kernels`, and what pulling and `work` throw.
 */
export function withTree<T>(
  what: string | undefined,
  options: PullOptions,
  work: (located: LocatedTree) => Promise<T>,
): Promise<T> {
  return holdTree(options.cache, () => locate(what, options), work);
}

async function locate(what: string | undefined, options: PullOptions): Promise<LocatedTree> {
  if (what === undefined) {
    const { pull } = await import("../pull.js");
    const result = await pull(options);
    const { tree, digest, entry } = result;
    return { from: "device", tree, digest, entry, result };
  }
  if (statSync(what, { throwIfNoEntry: false })?.isDirectory()) return locateFolder(resolve(what), options);
  return locateCached(what, options);
}

async function locateFolder(tree: string, { cache }: PullOptions): Promise<LocatedTree> {
  const digest = await cache.digestOfTree(tree);
  if (digest === undefined) return { from: "folder", tree };
  return { from: "cache", tree, digest, entry: onlyOne(cache.entriesOf(digest)) };
}

async function locateCached(what: string, options: PullOptions): Promise<LocatedTree> {
  const isDigest = asDigestBeginning(what) !== undefined;
  const entries = options.cache.entries().filter(({ digest }) => isDigest && digest.startsWith(what));
  const [entry] = entries;
  if (entry === undefined) {
    throw new KheadersError(
      "not-cached",
      `${printable(what, 4096)} is neither a folder nor a digest in the cache`,
      { hint: "See the digests with: kheaders cache ls" },
    );
  }
  if (new Set(entries.map(({ digest }) => digest)).size > 1) {
    throw new KheadersError("several-kernels", `several digests in the cache begin with ${what}`, {
      hint: "Give more of its digits; see: kheaders cache ls",
    });
  }
  const opened = await options.cache.open(entry, options);
  if (opened === undefined) {
    throw new KheadersError("not-cached", "the cached tree is damaged and its archive is gone", {
      hint: "Pull it again from a device that runs that kernel.",
    });
  }
  return { from: "cache", tree: opened.tree, digest: opened.digest, entry: onlyOne(entries) };
}

/** The kernel of an archive that serves one. */
function onlyOne(entries: readonly CacheEntry[]): CacheEntry | undefined {
  return entries.length === 1 ? entries[0] : undefined;
}
