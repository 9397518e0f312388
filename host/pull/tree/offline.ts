import { KheadersError } from "../../../shared/errors.js";
import { asDigestBeginning } from "../../../shared/identity.js";
import { now } from "../../../shared/now.js";
import { printable } from "../../../shared/printable.js";
import type { ProgressListener } from "../../../shared/progress.js";
import type { Cache, CacheEntry } from "../../cache/index.js";
import { type PullResult, resultOf } from "../result.js";

/** Selects a cached kernel when there is no device to ask. */
export interface OfflineSelector {
  readonly fingerprint?: string | undefined;
  readonly release?: string | undefined;
  /** The archive's digest, or its beginning: 8 hexadecimal digits or more. */
  readonly digest?: string | undefined;
}

/**
 * Answers from the cache alone, with no device.
 *
 * @throws KheadersError `usage` for an invalid digest; `not-cached` if nothing fits, or what fits is damaged beyond repair;
 * `several-kernels` if several fit: the message lists them.
 */
export async function findOffline(
  cache: Cache,
  selector: OfflineSelector,
  options: { readonly signal: AbortSignal; readonly onProgress: ProgressListener },
): Promise<PullResult> {
  const started = now();
  const entry = selectEntry(cache.entries(), selector);
  const tree = await cache.open(entry, options);
  if (tree === undefined) throw notCached("the cached tree is damaged and its archive is gone");
  return resultOf(tree, {
    serial: undefined,
    kernel: { ...entry.kernel, bootId: undefined },
    cache: "hit",
    proof: undefined,
    source: entry.source,
    unloaded: undefined,
    ms: { total: Math.round(now() - started) },
  });
}

/** Picks the one entry that fits; entries of one archive are one. */
export function selectEntry(entries: readonly CacheEntry[], selector: OfflineSelector): CacheEntry {
  const { fingerprint, release, digest } = selector;
  if (digest !== undefined && asDigestBeginning(digest) === undefined) {
    throw new KheadersError("usage", `--digest: "${printable(digest)}" is not 8 to 64 hexadecimal digits`);
  }
  const fitting = entries.filter(
    (entry) =>
      (fingerprint === undefined || entry.kernel.fingerprint === fingerprint) &&
      (release === undefined || entry.kernel.release === release) &&
      (digest === undefined || entry.digest.startsWith(digest)),
  );
  const byDigest = new Map(fitting.map((entry) => [entry.digest, entry]));
  const [first, second] = byDigest.values();
  if (first === undefined) throw notCached("the cache has no such kernel");
  if (second !== undefined) {
    const list = Array.from(byDigest.values(), describe).join("\n");
    throw new KheadersError("several-kernels", `the cache has several such kernels:\n${list}`, {
      hint: "Choose one with --digest.",
    });
  }
  return first;
}

function describe({ digest, kernel }: CacheEntry): string {
  return `  ${digest.slice(0, 12)}  ${printable(kernel.release)}  ${printable(kernel.version ?? "(version unknown)")}  ${printable(kernel.fingerprint ?? "(imported)")}`;
}

function notCached(message: string): KheadersError {
  return new KheadersError("not-cached", message, { hint: "See what there is with: kheaders cache ls" });
}
