import path from "node:path";
import { KheadersError } from "../../shared/errors.js";

/**
 * Chooses the cache's folder: `flag` (`--cache-dir`), else `KHEADERS_CACHE_DIR`, else the platform's cache
 * folder.
 *
 * @param environment The process's environment variables.
 * @returns An absolute path; it need not exist.
 * @throws KheadersError `cache-failed` if no home folder is known.
 */
export async function cacheDir(environment: NodeJS.ProcessEnv, flag: string | undefined): Promise<string> {
  const chosen = flag || environment.KHEADERS_CACHE_DIR;
  if (chosen) return path.resolve(chosen);
  const folder = await platformCacheDir();
  if (path.isAbsolute(folder)) return folder;
  throw noHome(`the platform's cache folder would be the relative path "${folder}"`);
}

async function platformCacheDir(): Promise<string> {
  try {
    // env-paths looks up the home folder when it is loaded, and throws if the user has none.
    const { default: envPaths } = await import("env-paths");
    return envPaths("kheaders", { suffix: "" }).cache;
  } catch (cause) {
    throw noHome("this user has no home folder", cause);
  }
}

function noHome(reason: string, cause?: unknown): KheadersError {
  return new KheadersError("cache-failed", `cannot find the cache folder: ${reason}`, {
    hint: "Set HOME or KHEADERS_CACHE_DIR, or give --cache-dir.",
    cause,
  });
}
