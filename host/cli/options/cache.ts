import type { Cache } from "../../cache/index.js";
import { openCache } from "../../pull/options.js";
import type { GlobalFlags } from "./global.js";

/** Opens the cache that `--cache-dir` or the environment names. @throws KheadersError `cache-failed` or `cache-format`. */
export function openCacheOf(flags: Pick<GlobalFlags, "cacheDir">): Promise<Cache> {
  return openCache({ dir: flags.cacheDir });
}
