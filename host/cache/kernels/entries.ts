import { readdirSync } from "node:fs";
import type { Digest, KernelKey } from "../../../shared/identity.js";
import { diskError, isMissing } from "../disk/errors.js";
import { readJson, writeJson } from "../disk/json-file.js";
import { type CachePaths, entryPrefix, isTemporaryName } from "../disk/paths.js";
import { type CacheEntry, entryFields, parseEntry } from "./entry.js";

/**
 * The entries that may be of a kernel with that key, the latest first: those of the key, and those that were imported for
 * its release with no fingerprint.
 *
 * @throws KheadersError `cache-failed`.
 */
export function entriesFor(paths: CachePaths, key: KernelKey): CacheEntry[] {
  const prefixes = [entryPrefix(key), entryPrefix({ ...key, fingerprint: undefined })];
  return readEntries(
    paths,
    entryIds(paths).filter((id) => prefixes.some((prefix) => id.startsWith(prefix))),
  );
}

/** All entries, the latest first. @throws KheadersError `cache-failed`. */
export function allEntries(paths: CachePaths): CacheEntry[] {
  return readEntries(paths, entryIds(paths));
}

/** The entries whose headers an archive has, the latest first. @throws KheadersError `cache-failed`. */
export function entriesOf(paths: CachePaths, digest: Digest): CacheEntry[] {
  return allEntries(paths).filter((entry) => entry.digest === digest);
}

/** The ids of all entries' files, readable or not. @throws KheadersError `cache-failed`. */
export function entryIds(paths: CachePaths): string[] {
  return namesIn(paths.entries)
    .filter((name) => name.endsWith(".json"))
    .map((name) => name.slice(0, -".json".length));
}

/**
 * The entry of that id, or undefined if there is none that can be read.
 *
 * @throws KheadersError `cache-failed`.
 */
export function readEntry(paths: CachePaths, id: string): CacheEntry | undefined {
  const entry = readJson(paths.entry(id), parseEntry);
  return entry?.id === id ? entry : undefined;
}

/** @throws KheadersError `disk-full` or `cache-failed`. */
export function writeEntry(paths: CachePaths, entry: CacheEntry): void {
  writeJson(paths.entry(entry.id), entryFields(entry));
}

/**
 * The names in a folder of the cache, without temporary ones; none if it does not exist.
 *
 * @throws KheadersError `cache-failed` if it cannot be read.
 */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => !isTemporaryName(name));
  } catch (error) {
    if (isMissing(error)) return [];
    throw diskError(error, "read the cache", folder);
  }
}

function readEntries(paths: CachePaths, ids: readonly string[]): CacheEntry[] {
  return ids
    .map((id) => readEntry(paths, id))
    .filter((entry) => entry !== undefined)
    .sort((one, other) => other.created.getTime() - one.created.getTime());
}
