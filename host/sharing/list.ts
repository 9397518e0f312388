import { KheadersError } from "../../shared/errors.js";
import type { Digest } from "../../shared/identity.js";
import { asTag, type Repository, type Tag } from "../store/repository.js";
import { type FoundKernel, readKernel } from "./find.js";
import { isKernelTag } from "./tags.js";

/** A kernel in a store, and the tags that name it. */
export interface ListedStoredKernel extends FoundKernel {
  readonly tags: readonly string[];
}

/** What a store has. */
export interface StoreListing {
  /** By release, then by digest. */
  readonly kernels: readonly ListedStoredKernel[];
  /** Tags of ours that name something else, and why it cannot be used. */
  readonly problems: readonly { readonly tag: string; readonly message: string }[];
}

/** So many manifests are asked for at once. */
const lanes = 6;

/** Lists the kernels of a store. Throws as a {@link Repository} does, but for what one tag alone has wrong. */
export async function listStore(
  repository: Repository,
  {
    signal,
    onProgress,
  }: { readonly signal: AbortSignal; readonly onProgress?: (done: number, total: number) => void },
): Promise<StoreListing> {
  const tags = (await repository.tags(signal)).filter(isKernelTag).sort();
  const kernels = new Map<Digest, FoundKernel & { readonly tags: string[] }>();
  const problems: { tag: string; message: string }[] = [];
  const rest = tags.values();
  let done = 0;
  const lane = async () => {
    for (const text of rest) {
      const tag = asTag(text);
      const found = tag && (await readOrTell(repository, tag, signal, problems));
      if (found !== undefined) {
        const known = kernels.get(found.manifest) ?? { ...found, tags: [] };
        known.tags.push(text);
        kernels.set(found.manifest, known);
      }
      done += 1;
      onProgress?.(done, tags.length);
    }
  };
  await Promise.all(Array.from({ length: Math.min(lanes, tags.length) }, lane));
  const sorted = [...kernels.values()].map((kernel) => ({ ...kernel, tags: kernel.tags.sort() }));
  sorted.sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
  return { kernels: sorted, problems: problems.sort((one, other) => (one.tag < other.tag ? -1 : 1)) };
}

async function readOrTell(
  repository: Repository,
  tag: Tag,
  signal: AbortSignal,
  problems: { tag: string; message: string }[],
): Promise<FoundKernel | undefined> {
  try {
    return await readKernel(repository, tag, signal);
  } catch (error) {
    if (!(error instanceof KheadersError) || error.code !== "store-corrupt") throw error;
    problems.push({ tag, message: error.message });
    return undefined;
  }
}

function keyOf({ kernel, archive }: FoundKernel): string {
  return `${kernel.release}\0${archive.digest}`;
}
