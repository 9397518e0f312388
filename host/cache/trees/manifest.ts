import type { Digest } from "../../../shared/identity.js";
import { asDigest } from "../../../shared/identity.js";
import { archiveLimits } from "../../archive/limits.js";
import type { Member } from "../../archive/reader.js";
import { Malformed } from "../disk/fields.js";
import { type CachePaths, formatNumber } from "../disk/paths.js";
import { readIfThere } from "../disk/read-file.js";
import { digestOf } from "../disk/sha256.js";
import { readTreeRecord, type TreeRecord, type TreeStats } from "./record.js";

/** A file, folder or link of a tree; `path` is relative to it, with `/`. */
export type ManifestEntry =
  | { readonly type: "folder"; readonly path: string }
  | ManifestFile
  | { readonly type: "link"; readonly path: string; readonly target: string };

export interface ManifestFile {
  readonly type: "file";
  readonly path: string;
  readonly executable: boolean;
  /** Bytes. */
  readonly size: number;
  readonly sha256: Digest;
}

/** What a tree is made of, in the order in which the archive has it, without the tree's own folder. */
export type Manifest = readonly ManifestEntry[];

/**
 * The time of last change that every file of a tree gets, in seconds since 1970: 1 January 2000, UTC. A file
 * with another one was changed by hand. The same for all, so that a precompiled header stays valid and `make`
 * sees no outdated file.
 */
export const treeFileTime = 946_684_800;

/**
 * Bytes of a manifest's file: about the paths and link targets of the largest archive, and some 90 bytes an
 * entry for the rest.
 */
const maxBytes = 64 * 1024 * 1024;

/** The permission bits of a tree's file. */
export function fileMode(executable: boolean): number {
  return executable ? 0o555 : 0o444;
}

/** The permission bits of a tree's folders, the tree's own included. */
export const folderMode = 0o555;

/** The text of a manifest's file: JSON, one entry a line. The same manifest gives the same text. */
export function formatManifest(manifest: Manifest): string {
  const rows = manifest.map((entry) => JSON.stringify(rowOf(entry)));
  return `[${formatNumber},\n${rows.join(",\n")}\n]\n`;
}

/**
 * Reads the manifest of a tree, or gives undefined if it is missing or is not the one that was recorded.
 *
 * @throws KheadersError `cache-failed` if the disk cannot be read.
 */
export function readManifest(paths: CachePaths, record: TreeRecord): Manifest | undefined {
  const content = readRecorded(paths, record);
  return content && parseManifest(content.toString());
}

/**
 * Reads the manifest of the tree of a digest by its record; undefined if one of them is missing or damaged.
 *
 * @throws KheadersError `cache-failed` if the disk cannot be read.
 */
export function recordedManifest(paths: CachePaths, digest: Digest): Manifest | undefined {
  const record = readTreeRecord(paths, digest);
  return record && readManifest(paths, record);
}

/** In what the files and links of two trees differ, by their paths. Whether a file can be run does not count. */
export interface ManifestDifference {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
  /** How many are the same in both. */
  readonly same: number;
}

/**
 * Compares the recorded manifests of two trees; undefined if one of them or its record is missing or damaged.
 *
 * @throws KheadersError `cache-failed` if the disk cannot be read.
 */
export function compareRecordedManifests(
  paths: CachePaths,
  old: Digest,
  now: Digest,
): ManifestDifference | undefined {
  const [before, after] = [old, now].map((digest) => {
    const record = readTreeRecord(paths, digest);
    return record && readRecorded(paths, record)?.toString();
  });
  if (before === undefined || after === undefined) return undefined;
  return orUndefined(() => compareManifests(before, after));
}

/** Compares the texts of two manifests, row by row as they stand: only what differs is looked into. */
export function compareManifests(old: string, now: string): ManifestDifference | undefined {
  const [before, after] = [rowsIn(old), rowsIn(now)];
  if (before === undefined || after === undefined) return undefined;
  const left = new Set(before);
  const others: string[] = [];
  let same = 0;
  for (const row of after) {
    if (!left.delete(row)) others.push(row);
    else if (!isFolder(row)) same += 1;
  }
  const contents = new Map<string, string>();
  for (const row of left) if (!isFolder(row)) contents.set(pathOf(row), contentOf(row));
  const [added, changed]: [string[], string[]] = [[], []];
  for (const row of others) {
    if (isFolder(row)) continue;
    const path = pathOf(row);
    const content = contents.get(path);
    contents.delete(path);
    if (content === undefined) added.push(path);
    else if (content !== contentOf(row)) changed.push(path);
    else same += 1;
  }
  return { added, removed: [...contents.keys()], changed, same };
}

const isFolder = (row: string) => row.startsWith('["d"');

/** Where the path of a row begins, after its kind. */
const pathAt = '["f","'.length;

/** The path of a row that is not parsed. */
function pathOf(row: string): string {
  const path = row.slice(pathAt, row.indexOf('"', pathAt));
  // What JSON writes otherwise is read as JSON.
  return path.includes("\\") ? parseRow(row).path : path;
}

/** What follows the path of a row: of two rows of one path, it is the same if they are. */
function contentOf(row: string): string {
  return row.slice(row.indexOf('",', pathAt));
}

/** Whether the manifest of a tree is there and is the one that was recorded. */
export function hasManifest(paths: CachePaths, record: TreeRecord): boolean {
  return readRecorded(paths, record) !== undefined;
}

function readRecorded(paths: CachePaths, record: TreeRecord): Buffer | undefined {
  const content = readIfThere(paths.manifest(record.digest), maxBytes);
  return content !== undefined && digestOf(content) === record.manifest ? content : undefined;
}

/** Reads the text of a manifest, or gives undefined if it is not of this format. */
export function parseManifest(text: string): Manifest | undefined {
  return orUndefined(() => rowsIn(text)?.map(parseRow));
}

/** What reading a manifest gives; undefined if it is malformed. */
function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof Malformed) return undefined;
    throw error;
  }
}

/** The manifest's entry for a member of an archive. */
export function manifestEntryOf(entry: Member): ManifestEntry {
  if (entry.type !== "file") return entry;
  const { type, path, executable, content } = entry;
  return { type, path, executable, size: content.length, sha256: digestOf(content) };
}

/** Counts what a manifest lists. */
export function statsOf(manifest: Manifest): TreeStats {
  const stats = { files: 0, folders: 0, links: 0, unpackedBytes: 0 };
  for (const entry of manifest) {
    if (entry.type === "folder") stats.folders += 1;
    else if (entry.type === "link") stats.links += 1;
    else {
      stats.files += 1;
      stats.unpackedBytes += entry.size;
    }
  }
  return stats;
}

function rowOf(entry: ManifestEntry): readonly (string | number)[] {
  switch (entry.type) {
    case "folder":
      return ["d", entry.path];
    case "file":
      return [entry.executable ? "x" : "f", entry.path, entry.size, entry.sha256];
    case "link":
      return ["l", entry.path, entry.target];
  }
}

/** The rows of a manifest's text, not parsed; undefined if it has more than any, or is none. */
function rowsIn(text: string): readonly string[] | undefined {
  const head = `[${formatNumber},\n`;
  const foot = "\n]\n";
  if (!text.startsWith(head) || !text.endsWith(foot)) return undefined;
  const body = text.slice(head.length, -foot.length);
  if (body === "") return [];
  const rows = body.split(",\n", archiveLimits.members + 1);
  return rows.length > archiveLimits.members ? undefined : rows;
}

function parseRow(text: string): ManifestEntry {
  const row: unknown = JSON.parse(text);
  if (!Array.isArray(row)) throw new Malformed("a row is not an array");
  const [kind, path, third, fourth]: unknown[] = row;
  if (typeof path !== "string" || !isInside(path)) throw new Malformed("a row has no path inside the tree");
  if (kind === "d") return { type: "folder", path };
  if (kind === "l" && typeof third === "string") return { type: "link", path, target: third };
  const sha256 = typeof fourth === "string" ? asDigest(fourth) : undefined;
  if ((kind !== "f" && kind !== "x") || !isFileSize(third) || sha256 === undefined) {
    throw new Malformed("a row has an unknown kind");
  }
  return { type: "file", path, executable: kind === "x", size: third, sha256 };
}

function isFileSize(size: unknown): size is number {
  return (
    typeof size === "number" && Number.isSafeInteger(size) && size >= 0 && size <= archiveLimits.fileBytes
  );
}

/** Whether a relative path stays inside the folder that it is appended to. */
function isInside(path: string): boolean {
  return !/(?:^|\/)\.{0,2}(?:\/|$)/.test(path);
}
