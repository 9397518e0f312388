import { chunksOf } from "./chunks.js";
import { archiveLimits } from "./limits.js";
import { readArchive } from "./read.js";
import type { Member } from "./reader.js";

/** How to read an archive of the cache. */
export interface ReadArchiveOptions {
  /** Whether the file system that holds the tree ignores case. */
  readonly caseInsensitive: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The members of an archive of the cache that has the digest in its name, which proves that it is what the device sent. A
 * file's content is good until the next member is asked for.
 * Throws `archive-refused`, `archive-corrupt`, the system's error if it cannot be read, or the signal's reason.
 */
export async function* membersOfArchive(file: string, options: ReadArchiveOptions): AsyncGenerator<Member> {
  const { caseInsensitive, signal } = options;
  const batches = readArchive(chunksOf(file, signal), {
    limits: archiveLimits,
    caseInsensitive,
    signal,
  });
  for await (const members of batches) yield* members;
}
