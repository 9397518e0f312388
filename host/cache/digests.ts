import type { Digest } from "../../shared/identity.js";
import { allEntries, namesIn } from "./entries.js";
import { type CachePaths, digestOfName } from "./paths.js";

/** Every digest of which the cache has an archive, a tree, a record, a manifest or an entry. @throws KheadersError `cache-failed`. */
export function allDigests(paths: CachePaths): Digest[] {
  const named = [...namesIn(paths.archives), ...namesIn(paths.trees)].map(digestOfName);
  const referred = allEntries(paths).map((entry) => entry.digest);
  return [...new Set([...named, ...referred])].filter((digest) => digest !== undefined).sort();
}

/**
 * The digests that `text` means: those that begin with it, or those of the kernels with that release or fingerprint.
 *
 * @throws KheadersError `cache-failed`.
 */
export function digestsMatching(paths: CachePaths, text: string): Digest[] {
  const beginning = /^[0-9a-f]{4,64}$/.test(text)
    ? allDigests(paths).filter((digest) => digest.startsWith(text))
    : [];
  const ofKernel = allEntries(paths)
    .filter(({ kernel }) => kernel.release === text || kernel.fingerprint === text)
    .map((entry) => entry.digest);
  return [...new Set([...beginning, ...ofKernel])];
}
