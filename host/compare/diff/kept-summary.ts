import { writeFileSync } from "node:fs";
import type { Digest } from "../../../shared/identity.js";
import { type Cache, readIfThere } from "../../cache/index.js";
import type { PullOptions } from "../../pull/options.js";
import type { DiffSummary } from "./summary.js";

/** It has a few examples of each part. */
const maxBytes = 64 * 1024;
/** Raised when a summary is made another way. */
const format = 1;

/** The extra of the new kernel's tree that holds a summary. */
const extraOf = (key: string) => `diff-${key}.json`;

/** A summary that was kept; undefined if there is none that can be read. @throws KheadersError `cache-failed`. */
export function keptSummary(
  cache: Pick<Cache, "extra">,
  digest: Digest | undefined,
  key: string | undefined,
): DiffSummary | undefined {
  if (digest === undefined || key === undefined) return undefined;
  const file = cache.extra(digest, extraOf(key));
  const content = file === undefined ? undefined : readIfThere(file, maxBytes);
  if (content === undefined) return undefined;
  try {
    const kept: { readonly format?: unknown; readonly summary?: DiffSummary } =
      JSON.parse(content.toString()) ?? {};
    return kept.format === format ? kept.summary : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Keeps a summary beside the new kernel's tree. @throws KheadersError `cache-failed` or `disk-full`; the signal's reason. */
export async function keepSummary(
  { cache, signal }: Pick<PullOptions, "cache" | "signal">,
  digest: Digest | undefined,
  key: string | undefined,
  summary: DiffSummary,
): Promise<void> {
  if (digest === undefined || key === undefined) return;
  const make = async (path: string) => writeFileSync(path, `${JSON.stringify({ format, summary })}\n`);
  await cache.keepExtra(digest, extraOf(key), make, { checkedByReaders: true, replace: true, signal });
}
