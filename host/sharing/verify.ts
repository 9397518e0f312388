import { KheadersError } from "../../shared/errors.js";
import type { Digest } from "../../shared/identity.js";
import { readThrough } from "../store/content.js";
import type { Descriptor, Repository } from "../store/repository.js";
import { listStore } from "./list.js";

/** What was found in a store. */
export interface StoreReport {
  /** Manifests and blobs that were read. */
  readonly checked: number;
  readonly problems: readonly {
    /** The tag, or the digest of the blob. */
    readonly what: string;
    readonly message: string;
  }[];
}

/**
 * Reads all of a store and compares it with its digests. Changes nothing. Throws as a {@link Repository} does, but for what
 * is damaged there.
 */
export async function verifyStore(
  repository: Repository,
  {
    signal,
    onProgress,
  }: { readonly signal: AbortSignal; readonly onProgress?: (done: number, total: number) => void },
): Promise<StoreReport> {
  const { kernels, problems: unreadable } = await listStore(repository, { signal });
  const blobs = new Map<Digest, Descriptor>();
  for (const { archive, parts } of kernels)
    for (const one of [archive, ...parts.values()]) blobs.set(one.digest, one);
  const problems = unreadable.map(({ tag, message }) => ({ what: tag, message }));
  let done = 0;
  for (const blob of blobs.values()) {
    try {
      await readThrough(repository.blob(blob, signal));
    } catch (error) {
      if (!(error instanceof KheadersError) || error.code !== "store-corrupt") throw error;
      problems.push({ what: blob.digest, message: error.message });
    }
    done += 1;
    onProgress?.(done, blobs.size);
  }
  return { checked: kernels.length + unreadable.length + blobs.size, problems };
}
