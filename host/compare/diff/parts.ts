import { readFileSync } from "node:fs";
import { KheadersError } from "../../../shared/errors.js";
import { printable } from "../../../shared/printable.js";
import { findSymvers } from "../../build/module/module-symvers.js";
import { configOf, type KernelConfig, macrosOf } from "../../kernel/config.js";
import { readTreeFacts } from "../../kernel/tree-facts.js";
import { keptConfig } from "../../pull/kept-config.js";
import type { PullOptions } from "../../pull/options.js";
import { cachedSymvers } from "../../symvers/collect.js";
import { diffConfigs } from "./config.js";
import { fileIdsOf } from "./file-ids.js";
import { diffFiles, headersDiff } from "./headers.js";
import type { Both, ConfigDiff, HeadersDiff, SymbolsDiff } from "./kernel-diff.js";
import type { HeldSide } from "./sides.js";
import { diffSymbols } from "./symbols.js";

/** Compares the configurations. @throws KheadersError `usage` for a folder that is not a header tree; `cache-failed`. */
export async function configPart(sides: Both<HeldSide>, { cache }: PullOptions): Promise<ConfigDiff> {
  const kept = {
    old: await keptConfig(cache, sides.old),
    new: await keptConfig(cache, sides.new),
  };
  const isAlike = (kept.old === undefined) === (kept.new === undefined);
  const read = (side: HeldSide, config: KernelConfig | undefined) => {
    if (config === undefined) return configOf(readTreeFacts(side.tree).config);
    // Where the other one comes from headers, this one is read as they have it.
    return isAlike ? config : configOf(macrosOf(config));
  };
  return {
    from: { old: kept.old ? "device" : "headers", new: kept.new ? "device" : "headers" },
    options: diffConfigs(read(sides.old, kept.old), read(sides.new, kept.new)),
  };
}

/** Compares the files of the trees. @throws KheadersError `usage`, `cache-failed`. */
export async function headersPart(
  { old, new: now }: Both<HeldSide>,
  { cache }: PullOptions,
): Promise<HeadersDiff> {
  if (old.digest !== undefined && now.digest !== undefined) {
    const difference = await cache.compareManifests(old.digest, now.digest);
    if (difference !== undefined) return headersDiff(difference);
  }
  return diffFiles(await fileIdsOf(old.located, cache), await fileIdsOf(now.located, cache));
}

/** The path of a `Module.symvers`, or why there is none. */
export type FoundSymvers = { readonly path: string } | { readonly path?: undefined; readonly reason: string };

/**
 * Compares the versions of symbols.
 *
 * @throws KheadersError `no-symbol-versions` if they are not known of both kernels; `usage` for a malformed file.
 */
export function symbolsPart({ old, new: now }: Both<HeldSide>, found: Both<FoundSymvers>): SymbolsDiff {
  const read = ({ name }: HeldSide, symvers: FoundSymvers) => {
    if (symvers.path !== undefined)
      return { text: readFileSync(symvers.path), name: `Module.symvers of ${name}` };
    throw new KheadersError("no-symbol-versions", `of ${printable(name)}: ${symvers.reason}`);
  };
  return diffSymbols(read(old, found.old), read(now, found.new));
}

/**
 * Finds the symbol versions of a kernel that the cache or its folder has.
 *
 * @param collect Also collects them from the modules of a device.
 * @throws what collecting them throws.
 */
export async function symversOf(
  { located, entry }: HeldSide,
  options: PullOptions,
  { collect }: { readonly collect: boolean },
): Promise<FoundSymvers> {
  const known = entry && cachedSymvers(options.cache, entry);
  if (known !== undefined) return { path: known.path };
  if (located.from === "device" && !collect)
    return { reason: "its symbol versions are not cached (kheaders symvers collects them)" };
  return findSymvers(located, { ...options, refresh: false });
}
