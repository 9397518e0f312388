import { digestOfFile } from "../disk/sha256.js";
import { entriesOf } from "../kernels/entries.js";
import { sweep } from "../publish/sweep.js";
import type { Store } from "../store.js";
import { allDigests } from "./digests.js";
import { isLeased, removeDigest } from "./remove.js";
import { type Problem, unreadableEntries, type VerifyOptions, type VerifyReport } from "./verify.js";

/**
 * Checks every file of a store without trees against its digest, and that every entry can be read. A damaged file is
 * removed, for it can be read again from a device.
 *
 * @throws KheadersError `cache-failed`; the signal's reason when it aborts.
 */
export async function verifyFiles(store: Store, options: VerifyOptions): Promise<VerifyReport> {
  const { repair, signal } = options;
  const leftovers = repair ? await sweep(store, { signal }) : [];
  const problems: Problem[] = unreadableEntries(store, repair);
  let checked = 0;
  for (const digest of allDigests(store.paths)) {
    const path = store.paths.archive(digest);
    checked += 1;
    const found = await digestOfFile(path, signal);
    if (found === digest) continue;
    const isGone = found === undefined && entriesOf(store.paths, digest).length === 0;
    const removed = repair && (await removeDigest(store, digest, signal, () => isLeased(store, digest)));
    if (isGone && removed) {
      leftovers.push(path);
      continue;
    }
    const detail = found === undefined ? "is missing" : "does not match the digest in its name";
    problems.push({ what: "btf", path, detail, outcome: removed ? "removed" : "found" });
  }
  return { checked, problems, leftovers };
}
