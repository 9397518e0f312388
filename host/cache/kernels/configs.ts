import path from "node:path";
import { autoconfPath } from "../../kernel/belonging.js";
import { differingMacros, type KernelConfig, macrosOf, parseAutoconf } from "../../kernel/config.js";
import type { CachePaths } from "../disk/paths.js";
import { readIfThere } from "../disk/read-file.js";
import type { CacheEntry } from "./entry.js";

/** Bytes of an `autoconf.h`. Those of full distributions have some 300 KB. */
const maxAutoconfBytes = 8 * 1024 * 1024;

/** In which options the configurations of imported entries differ from a running kernel's, by the entry's id. */
export type ConfigDifferences = ReadonlyMap<string, readonly string[]>;

/**
 * Compares the configuration of a running kernel with those of imported entries, option by option. An entry that came
 * from a device has the digest of its kernel's own file, which is enough; what was imported may spell it otherwise, or
 * have it only as the `autoconf.h` of its tree. An entry is left out if that cannot be read.
 *
 * @throws KheadersError `cache-failed`.
 */
export function configDifferences(
  paths: CachePaths,
  entries: readonly CacheEntry[],
  config: KernelConfig,
): ConfigDifferences {
  const differences = new Map<string, readonly string[]>();
  const imported = entries.filter(({ origin }) => origin !== undefined);
  if (imported.length === 0) return differences;
  const running = macrosOf(config);
  for (const { id, digest } of imported) {
    const text = readIfThere(path.join(paths.tree(digest), autoconfPath), maxAutoconfBytes);
    if (text !== undefined) differences.set(id, differingMacros(running, parseAutoconf(text.toString())));
  }
  return differences;
}
