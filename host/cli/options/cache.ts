import type { Cache } from "../../cache/index.js";
import { openCacheIn } from "../../defaults.js";
import type { GlobalFlags } from "./global.js";

/** Opens the cache that `--cache-dir` and the environment mean. @throws KheadersError `cache-failed` or `cache-format`. */
export function openCacheOf(flags: Pick<GlobalFlags, "cacheDir">): Promise<Cache> {
  return openCacheIn(flags.cacheDir, process.env);
}
