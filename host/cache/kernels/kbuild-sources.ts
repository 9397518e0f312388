import { isNotWritable } from "../disk/errors.js";
import { readJson, writeJson } from "../disk/json-file.js";
import type { CachePaths } from "../disk/paths.js";

/** The kernel source that was used last for a series, as an absolute path. @throws KheadersError `cache-failed`. */
export function lastKbuildSource(paths: CachePaths, series: string): string | undefined {
  if (series === "") return undefined;
  return readJson(paths.kbuild(series), (fields) => fields.text("source"));
}

/**
 * Remembers the source of a series, unless it is known already or the cache may not be written.
 *
 * @throws KheadersError `disk-full` or `cache-failed`.
 */
export function rememberKbuildSource(paths: CachePaths, series: string, source: string): void {
  if (lastKbuildSource(paths, series) === source) return;
  try {
    writeJson(paths.kbuild(series), { source });
  } catch (error) {
    if (!(error instanceof Error) || !isNotWritable(error.cause)) throw error;
  }
}
