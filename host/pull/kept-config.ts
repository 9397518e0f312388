import { writeFileSync } from "node:fs";
import { KheadersError } from "../../shared/errors.js";
import type { Digest } from "../../shared/identity.js";
import { type Cache, type CacheEntry, readIfThere } from "../cache/index.js";
import type { KernelConfig } from "../kernel/config.js";
import { type KernelFacts, readKernelFacts } from "../kernel/facts.js";

/** The most bytes of a compressed configuration. The largest have some 60 KB. */
const maxConfigBytes = 1024 * 1024;

/** The extra that holds a configuration. Its name has the configuration's digest: kernels that share an archive may differ in it. */
const extraOf = (configDigest: Digest) => `config-${configDigest}.gz`;

/**
 * Keeps the configuration of an entry's kernel beside its tree.
 *
 * @param compressed `/proc/config.gz`, as it came.
 * @throws KheadersError `cache-failed` or `disk-full`; the signal's reason when it aborts.
 */
export async function keepConfig(
  cache: Cache,
  entry: CacheEntry,
  compressed: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  const { configDigest } = entry.kernel;
  if (configDigest === undefined) return;
  const make = async (path: string) => writeFileSync(path, compressed);
  await cache.keepExtra(entry.digest, extraOf(configDigest), make, { checkedByReaders: true, signal });
}

/** The file of the configuration that was kept of an entry's kernel, compressed; undefined if there is none. @throws KheadersError `cache-failed`. */
export function keptConfigFile(cache: Cache, { digest, kernel }: CacheEntry): string | undefined {
  return kernel.configDigest && cache.extra(digest, extraOf(kernel.configDigest));
}

/**
 * The configuration that was kept of a tree's kernel: undefined if there is none, it is damaged, or kernels with different
 * ones share the tree.
 *
 * @throws KheadersError `cache-failed`.
 */
export async function keptConfig(
  cache: Cache,
  tree: { readonly digest?: Digest | undefined; readonly entry?: CacheEntry | undefined },
): Promise<KernelConfig | undefined> {
  const { digest, entry } = tree;
  if (digest === undefined) return undefined;
  const kernels = entry ? [entry] : cache.entriesOf(digest);
  const [configDigest, another] = new Set(kernels.map(({ kernel }) => kernel.configDigest));
  if (configDigest === undefined || another !== undefined) return undefined;
  const file = cache.extra(digest, extraOf(configDigest));
  const facts = file === undefined ? undefined : readFacts(file);
  return facts?.configDigest === configDigest ? facts.config : undefined;
}

function readFacts(file: string): KernelFacts | undefined {
  const content = readIfThere(file, maxConfigBytes);
  return content && factsIn(content);
}

/** What a kept file says; undefined if it cannot be unpacked. */
function factsIn(config: Uint8Array): KernelFacts | undefined {
  try {
    return readKernelFacts({ config, notes: undefined });
  } catch (error) {
    if (error instanceof KheadersError) return undefined;
    throw error;
  }
}
