import type { Digest } from "../../shared/identity.js";
import { storeCorrupt } from "../store/errors.js";
import { NotOci, parseManifest } from "../store/manifest.js";
import type { Repository, Tag } from "../store/repository.js";
import { kernelIn, type StoredKernel } from "./kernel-manifest.js";
import { type TaggedKernel, tagsToAsk } from "./tags.js";

/** A kernel in a store, with the digest of its manifest. */
export interface FoundKernel extends StoredKernel {
  readonly manifest: Digest;
}

/**
 * The kernels in a store that may be this one, the surest first, one at a time: the store is asked for no more than the caller
 * takes. Throws as a {@link Repository} does.
 */
export async function* findKernels(
  repository: Repository,
  kernel: TaggedKernel,
  signal: AbortSignal,
): AsyncGenerator<FoundKernel> {
  const found = new Set<Digest>();
  for (const tag of tagsToAsk(kernel)) {
    const one = await readKernel(repository, tag, signal);
    if (one === undefined || found.has(one.manifest)) continue;
    found.add(one.manifest);
    yield one;
  }
}

/** The kernel that a tag names; undefined if there is no such tag. Throws `store-corrupt` if it names something else. */
export async function readKernel(
  repository: Repository,
  reference: Tag | Digest,
  signal: AbortSignal,
): Promise<FoundKernel | undefined> {
  const stored = await repository.manifest(reference, signal);
  if (stored === undefined) return undefined;
  try {
    return { ...kernelIn(parseManifest(stored.bytes)), manifest: stored.digest };
  } catch (error) {
    if (error instanceof NotOci) throw storeCorrupt(repository.address, `${reference}: ${error.message}`);
    throw error;
  }
}
