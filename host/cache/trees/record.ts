import type { Digest } from "../../../shared/identity.js";
import type { Fields } from "../disk/fields.js";
import { readJson, writeJson } from "../disk/json-file.js";
import type { CachePaths } from "../disk/paths.js";

/** What an archive holds, counted. */
export interface TreeStats {
  readonly files: number;
  readonly folders: number;
  readonly links: number;
  /** Bytes of all files. */
  readonly unpackedBytes: number;
}

/** What is known about a tree and its archive, for all kernels that they serve. */
export interface TreeRecord extends TreeStats {
  /** SHA-256 of the archive: the name of both. */
  readonly digest: Digest;
  /** Size of the archive. */
  readonly bytes: number;
  /** SHA-256 of the manifest's file. */
  readonly manifest: Digest;
  /** The boot of the workstation in which archive and tree were written, if it was known. */
  readonly hostBoot: string | undefined;
  /**
   * Whether archive and tree were found whole in a later boot than the one they were written in, so that they
   * are known to have reached the disk. Nothing is fsynced: a power cut can empty what was written shortly
   * before.
   */
  readonly settled: boolean;
  /** Whether the disk keeps permissions. If it does not, another mode is not damage. */
  readonly keepsModes: boolean;
}

/**
 * The record of a digest, or undefined if there is none that can be read.
 *
 * @throws KheadersError `cache-failed`.
 */
export function readTreeRecord(paths: CachePaths, digest: Digest): TreeRecord | undefined {
  const record = readJson(paths.record(digest), parseTreeRecord);
  return record?.digest === digest ? record : undefined;
}

/** @throws KheadersError `disk-full` or `cache-failed`. */
export function writeTreeRecord(paths: CachePaths, record: TreeRecord): void {
  // Written only if false: older records do not have it.
  const keepsModes = record.keepsModes ? undefined : false;
  writeJson(paths.record(record.digest), { ...record, keepsModes });
}

function parseTreeRecord(fields: Fields): TreeRecord {
  return {
    digest: fields.digest("digest"),
    bytes: fields.count("bytes"),
    manifest: fields.digest("manifest"),
    files: fields.count("files"),
    folders: fields.count("folders"),
    links: fields.count("links"),
    unpackedBytes: fields.count("unpackedBytes"),
    hostBoot: fields.optional("hostBoot", (name) => fields.text(name)),
    settled: fields.flag("settled"),
    keepsModes: fields.optional("keepsModes", (name) => fields.flag(name)) ?? true,
  };
}
