import { existsSync } from "node:fs";
import type { Digest } from "../../../shared/identity.js";
import type { Cache } from "../../cache/index.js";

/** A tree, and the digest of its archive if the tree is the cache's. */
interface FoundTree {
  readonly tree: string;
  readonly digest?: Digest | undefined;
}

/**
 * Finds a tree and runs `work` on it. A lease keeps a cached tree in the cache meanwhile. A tree may be removed after it
 * was found and before it was leased, so it is checked again under the lease, and located again if it is gone.
 *
 * @param find May be called several times.
 */
export async function holdTree<T extends FoundTree, R>(
  cache: Pick<Cache, "acquireLease">,
  find: () => Promise<T>,
  work: (found: T) => Promise<R>,
): Promise<R> {
  for (;;) {
    const found = await find();
    if (found.digest === undefined) return work(found);
    const lease = await cache.acquireLease(found.digest);
    try {
      if (existsSync(found.tree)) return await work(found);
    } finally {
      lease.release();
    }
  }
}
