import { closeSync, fsyncSync, openSync, readdirSync, renameSync } from "node:fs";
import path from "node:path";
import { errnoOf, KheadersError } from "../../../shared/errors.js";
import type { Digest } from "../../../shared/identity.js";
import { chmodFolder } from "../disk/enter-folder.js";
import { diskError, isDiskFull, isNotWritable } from "../disk/errors.js";
import { makeFolders } from "../disk/folders.js";
import { statIfThere } from "../disk/stat.js";
import { acquireLease } from "../locks/lease.js";
import type { Store } from "../store.js";
import { Work } from "./work.js";

/** Makes a file or a folder at a path that does not exist yet. */
export type MakeExtra = (path: string) => Promise<void>;

/** How to keep an extra. */
export interface KeepExtraOptions {
  /**
   * Makes it again, and replaces the one that is there: always, or if the function says so. The function is
   * called when no other process is making one.
   */
  readonly replace?: boolean | ((there: string) => boolean) | undefined;
  /**
   * Its readers notice damage, so it need not have reached the disk before it is published: a power cut can
   * empty what was written shortly before.
   */
  readonly checkedByReaders?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called at most once, if another process is making it, with that process's id if known. */
  readonly onWait?: ((pid: number | undefined) => void) | undefined;
}

interface Extra {
  readonly digest: Digest;
  readonly name: string;
  readonly make: MakeExtra;
}

/** See {@link Cache.keepExtra}. */
export async function keepExtra(store: Store, extra: Extra, options: KeepExtraOptions): Promise<string> {
  const { digest, name, make } = extra;
  const { replace = false, checkedByReaders = false, signal, onWait } = options;
  const place = store.paths.extra(digest, name);
  const lock = await store.lock(["extra", digest, name], { signal, onWait });
  try {
    const isThere = isExtra(place);
    const replaces = !isThere || (typeof replace === "function" ? replace(place) : replace);
    if (!replaces) return place;
    const work = await Work.begin(store, signal);
    // The tree stays for as long as something is made for it.
    const lease = await acquireLease(store.paths, digest);
    try {
      attempt(store.paths.extras, () => makeFolders(store.paths.extras));
      await makeOnDisk(make, work.extra);
      signal?.throwIfAborted();
      if (!checkedByReaders) attempt(work.extra, () => flush(work.extra));
      await store.withDigestLock(digest, signal, async () => {
        if (statIfThere(store.paths.content(digest)) === undefined) throw treeIsGone(digest);
        attempt(place, () => put(work, place, isThere));
      });
    } finally {
      lease.release();
      await work.end({ signal });
    }
    return place;
  } finally {
    lock.release();
  }
}

/** The errors of rename(2) if it cannot replace what is in the target's place. */
const isTaken = new Set(["ENOTEMPTY", "EEXIST", "EISDIR", "ENOTDIR"]);

/** Whether a file or a folder is there. Reading a FIFO or a device would block. */
export function isExtra(place: string): boolean {
  const stat = statIfThere(place);
  return stat?.isFile() === true || stat?.isDirectory() === true;
}

/** Runs `make`. A full or read-only disk gives the same errors as in the rest of the cache. */
export async function makeOnDisk(make: MakeExtra, target: string): Promise<void> {
  try {
    await make(target);
  } catch (error) {
    throw isDiskFull(error) || isNotWritable(error) ? diskError(error, "write the cache", target) : error;
  }
}

function put(work: Work, place: string, replace: boolean): void {
  makeFolders(path.dirname(place));
  const made = statIfThere(work.extra);
  // An ordinary user can move a folder to another parent only if the folder is writable.
  if (made?.isDirectory()) chmodFolder(work.extra, made.mode | 0o700);
  try {
    renameSync(work.extra, place);
  } catch (error) {
    if (!isTaken.has(errnoOf(error) ?? "")) throw error;
    // Without locks, another process may have made the same.
    if (!replace && isExtra(place)) return;
    renameSync(place, work.removedExtra);
    renameSync(work.extra, place);
  }
}

/**
 * Flushes a file or the files of a folder to the disk. Unlike a tree it has no manifest to be checked against after a
 * power cut.
 */
export function flush(made: string): void {
  const stat = statIfThere(made);
  if (stat?.isDirectory()) for (const name of readdirSync(made)) flush(path.join(made, name));
  if (!stat?.isFile()) return;
  const file = openSync(made, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function treeIsGone(digest: Digest): KheadersError {
  return new KheadersError("cache-failed", `${digest.slice(0, 12)} was removed from the cache meanwhile`, {
    hint: "Try again.",
  });
}

function attempt(file: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    throw diskError(error, "write the cache", file);
  }
}
