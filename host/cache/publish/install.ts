import { existsSync, renameSync, rmSync } from "node:fs";
import { errnoOf } from "../../../shared/errors.js";
import type { Digest } from "../../../shared/identity.js";
import { diskError, isMissing } from "../disk/errors.js";
import { replaceFile } from "../disk/json-file.js";
import { touch } from "../disk/last-use.js";
import { removeTree } from "../disk/remove-tree.js";
import { digestOf } from "../disk/sha256.js";
import type { Store } from "../store.js";
import { damageOfTree } from "../trees/damage.js";
import { formatManifest, hasManifest, type Manifest, statsOf } from "../trees/manifest.js";
import { readTreeRecord, writeTreeRecord } from "../trees/record.js";
import { isArchiveWhole } from "../trees/state.js";
import type { Work } from "./work.js";

/** A tree that lies whole and read-only at {@link Work.tree}. */
export interface MadeTree {
  /** SHA-256 of the archive it was made from. */
  readonly digest: Digest;
  /** Size of that archive. */
  readonly bytes: number;
  readonly manifest: Manifest;
  /** As {@link TreeWriter.keepsModes}. */
  readonly keepsModes: boolean;
}

/** Bounds the retries: without locks, another process may keep installing the same tree. */
const maxAttempts = 5;

/**
 * Moves a tree, and its archive if {@link Work.archive} has it, to their final places. What is already there
 * and whole stays, because others use it. The record is removed first and written last, and a tree without a
 * record is never trusted, so the process may die at any point.
 *
 * @throws KheadersError `disk-full` or `cache-failed`; the signal's reason when it aborts before anything was
 * put there.
 */
export function install(
  store: Store,
  work: Work,
  made: MadeTree,
  signal: AbortSignal | undefined,
): Promise<void> {
  return store.withDigestLock(made.digest, signal, () => installLocked(store, work, made));
}

/** As {@link install}; the caller holds the digest's lock. */
export async function installLocked(store: Store, work: Work, made: MadeTree): Promise<void> {
  const { paths } = store;
  const { digest } = made;
  const manifest = formatManifest(made.manifest);
  const record = readTreeRecord(paths, digest);
  const manifestDigest = digestOf(manifest);
  const isRecorded = record?.manifest === manifestDigest && hasManifest(paths, record);
  const hasArchive = await isArchiveWhole(paths, digest, undefined);
  const hasTree = await isTreeWhole(paths.tree(digest), made);
  if (!isRecorded || !hasArchive || !hasTree) {
    attempt(paths.record(digest), () => rmSync(paths.record(digest), { force: true }));
    const archive = paths.archive(digest);
    if (!hasArchive) attempt(archive, () => renameSync(work.archive, archive));
    replaceFile(paths.manifest(digest), manifest);
    if (!hasTree) await putTree(paths.tree(digest), work, made);
    writeTreeRecord(paths, {
      digest,
      bytes: made.bytes,
      manifest: manifestDigest,
      ...statsOf(made.manifest),
      hostBoot: store.hostBootId,
      settled: false,
      keepsModes: made.keepsModes,
    });
  }
  touch(paths.archive(digest), store.now());
}

/**
 * Moves the new tree to its place, which is free or has a damaged tree, unless another process has put a
 * whole one there.
 */
async function putTree(tree: string, work: Work, made: MadeTree): Promise<void> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      renameSync(work.tree, tree);
      return;
    } catch (error) {
      if (!isTaken.has(errnoOf(error) ?? "") || attempts === maxAttempts) {
        throw diskError(error, "publish the tree", tree);
      }
    }
    if (await isTreeWhole(tree, made)) return;
    await moveAway(tree, work.removed);
  }
}

/** The errors of rename(2) if it cannot replace what is in the target's place. */
const isTaken = new Set(["ENOTEMPTY", "EEXIST", "ENOTDIR"]);

async function moveAway(tree: string, to: string): Promise<void> {
  try {
    await removeTree(to);
    renameSync(tree, to);
  } catch (error) {
    if (!isMissing(error)) throw diskError(error, "publish the tree", tree);
  }
}

async function isTreeWhole(tree: string, { manifest, keepsModes }: MadeTree): Promise<boolean> {
  return existsSync(tree) && (await damageOfTree(tree, manifest, keepsModes, undefined)).length === 0;
}

function attempt(path: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    throw diskError(error, "publish the tree", path);
  }
}
