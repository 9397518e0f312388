import { statSync } from "node:fs";
import { resolve } from "node:path";
import { KheadersError } from "../shared/errors.js";
import { printable } from "../shared/printable.js";
import { type PullOptions, pull } from "./pull.js";

/**
 * Finds the tree that a user means.
 *
 * @param what A folder, or the digest of a cached archive (8 hexadecimal digits or more); undefined for the headers of
 * the chosen device, which are pulled if need be.
 * @returns Its absolute path.
 * @throws KheadersError `not-cached`, `several-kernels`, and what {@link pull} throws.
 */
export async function findTree(what: string | undefined, options: PullOptions): Promise<string> {
  if (what === undefined) return (await pull(options)).tree;
  if (statSync(what, { throwIfNoEntry: false })?.isDirectory()) return resolve(what);
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
  if (opened) return opened.tree;
  throw new KheadersError("not-cached", "the cached tree is damaged and its archive is gone", {
    hint: "Pull it again from a device that runs that kernel.",
  });
}
