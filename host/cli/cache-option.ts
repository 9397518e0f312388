import { type Cache, cacheDir, openCache } from "../cache/index.js";
import type { GlobalFlags } from "./options.js";

/** Opens the cache that `--cache-dir` and the environment mean. @throws KheadersError `cache-failed` or `cache-format`. */
export async function openCacheOf(flags: Pick<GlobalFlags, "cacheDir">): Promise<Cache> {
  return openCache({ dir: await cacheDir(process.env, flags.cacheDir), tool: KHEADERS_VERSION });
}
