import { realpathSync } from "node:fs";
import path from "node:path";
import { KheadersError } from "../../../shared/errors.js";
import { asDigest, asDigestBeginning, type Digest } from "../../../shared/identity.js";
import { diskError, isMissing } from "../disk/errors.js";
import { type CachePaths, digestOfName } from "../disk/paths.js";
import { allEntries, namesIn } from "../kernels/entries.js";

/**
 * Every digest that the cache has an archive, a tree, a record, a manifest, extras or an entry of.
 *
 * @throws KheadersError `cache-failed`.
 */
export function allDigests(paths: CachePaths): Digest[] {
  const { archives, trees, extras } = paths;
  const named = [archives, trees, extras].flatMap((folder) => namesIn(folder).map(digestOfName));
  const referred = allEntries(paths).map((entry) => entry.digest);
  return [...new Set([...named, ...referred])].filter((digest) => digest !== undefined).sort();
}

/**
 * The digests that `text` means: the one that begins with it, or those of the kernels with that release or
 * fingerprint.
 *
 * @throws KheadersError `several-kernels` if several begin with it; `cache-failed`.
 */
export function digestsMatching(paths: CachePaths, text: string): Digest[] {
  const start = asDigestBeginning(text);
  const beginning = start === undefined ? [] : allDigests(paths).filter((digest) => digest.startsWith(start));
  if (beginning.length > 1) {
    throw new KheadersError("several-kernels", `several digests in the cache begin with ${text}`, {
      hint: "Give more of its digits; see: kheaders cache ls",
    });
  }
  const ofKernel = allEntries(paths)
    .filter(({ kernel }) => kernel.release === text || kernel.fingerprint === text)
    .map((entry) => entry.digest);
  return [...new Set([...beginning, ...ofKernel])];
}

/**
 * The digest of a tree of this cache by its folder, also through links; undefined for any other folder.
 *
 * @throws KheadersError `cache-failed`.
 */
export function digestOfTree(paths: CachePaths, folder: string): Digest | undefined {
  try {
    const real = realpathSync(folder);
    const digest = asDigest(path.basename(real));
    if (digest === undefined || path.dirname(real) !== realpathSync(paths.trees)) return undefined;
    return digest;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw diskError(error, "read the cache", folder);
  }
}
