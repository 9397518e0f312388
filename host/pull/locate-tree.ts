import { statSync } from "node:fs";
import { resolve } from "node:path";
import { KheadersError } from "../../shared/errors.js";
import type { Digest } from "../../shared/identity.js";
import { printable } from "../../shared/printable.js";
import type { CacheEntry } from "../cache/index.js";
import { type PullOptions, pull } from "./pull.js";

/** A tree, and what the cache knows of it. */
export interface LocatedTree {
  /** Absolute path. */
  readonly tree: string;
  /** Of its archive, where the tree is the cache's; undefined for a folder of the user's own. */
  readonly digest: Digest | undefined;
  /** The kernel that it is taken for; undefined where none is known, or where its archive serves several. */
  readonly entry: CacheEntry | undefined;
}

/**
 * Finds the tree that a user means, and tells whether it is the cache's.
 *
 * @param what A folder, or the digest of a cached archive (8 hexadecimal digits or more); undefined for the headers of
 * the chosen device, which are pulled if need be.
 * @throws KheadersError `not-cached`, `several-kernels`, and what {@link pull} throws.
 */
export async function locateTree(what: string | undefined, options: PullOptions): Promise<LocatedTree> {
  if (what === undefined) return pull(options);
  if (statSync(what, { throwIfNoEntry: false })?.isDirectory()) return locateFolder(resolve(what), options);
  const wanted = /^[0-9a-f]{8,64}$/.test(what) ? what : undefined;
  const entries = options.cache
    .entries()
    .filter((entry) => wanted !== undefined && entry.digest.startsWith(wanted));
  const [entry] = entries;
  if (entry === undefined) {
    throw new KheadersError(
      "not-cached",
      `${printable(what, 4096)} is neither a folder nor a digest in the cache`,
      {
        hint: "See the digests with: kheaders cache ls",
      },
    );
  }
  if (new Set(entries.map(({ digest }) => digest)).size > 1) {
    throw new KheadersError("several-kernels", `several digests in the cache begin with ${what}`, {
      hint: "Give more of its digits; see: kheaders cache ls",
    });
  }
  const opened = await options.cache.open(entry, options);
  if (opened) return { tree: opened.tree, digest: opened.digest, entry: onlyOne(entries) };
  throw new KheadersError("not-cached", "the cached tree is damaged and its archive is gone", {
    hint: "Pull it again from a device that runs that kernel.",
  });
}

/** As {@link locateTree}, where the path is all that is needed. */
export async function findTree(what: string | undefined, options: PullOptions): Promise<string> {
  return (await locateTree(what, options)).tree;
}

async function locateFolder(tree: string, { cache }: PullOptions): Promise<LocatedTree> {
  const digest = await cache.digestOfTree(tree);
  if (digest === undefined) return { tree, digest, entry: undefined };
  return { tree, digest, entry: onlyOne(cache.entriesOf(digest)) };
}

/** The kernel of an archive that serves one. */
function onlyOne(entries: readonly CacheEntry[]): CacheEntry | undefined {
  return entries.length === 1 ? entries[0] : undefined;
}
