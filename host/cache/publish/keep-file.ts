import { chmodSync, renameSync } from "node:fs";
import type { Digest, KernelIdentity, KnownKernel, Source } from "../../../shared/identity.js";
import { diskError } from "../disk/errors.js";
import { touch } from "../disk/last-use.js";
import { digestOfFile } from "../disk/sha256.js";
import { statIfThere } from "../disk/stat.js";
import { writeEntry } from "../kernels/entries.js";
import { type CacheEntry, makeEntry } from "../kernels/entry.js";
import { rememberSighting } from "../kernels/sightings.js";
import { acquireLease } from "../locks/lease.js";
import type { Store } from "../store.js";
import { flush, type MakeExtra, makeOnDisk } from "./extras.js";
import { Work } from "./work.js";

/** Of which kernel a file is, and how it came. */
export interface KeptFile {
  readonly kernel: KnownKernel;
  readonly source: Source;
  /** The file that it was imported from; undefined if it came from a device. */
  readonly origin?: string | undefined;
  /** The device that it came from. */
  readonly seen?: { readonly serial: string; readonly identity: KernelIdentity } | undefined;
}

/**
 * Keeps a file of a kernel under its digest, then writes the entry that makes it serve. The file has reached the disk by
 * then: no manifest tells later whether it is whole.
 *
 * @param make Writes the file at a path that does not exist yet.
 * @throws KheadersError `disk-full`, `cache-failed` or `cache-format`; what `make` throws; the signal's reason when it
 * aborts.
 */
export async function keepFile(
  store: Store,
  about: KeptFile,
  make: MakeExtra,
  signal: AbortSignal | undefined,
): Promise<CacheEntry> {
  const { paths, now, tool } = store;
  const { seen, ...kept } = about;
  const work = await Work.begin(store, signal);
  try {
    await makeOnDisk(make, work.archive);
    const digest = await digestOfFile(work.archive, signal);
    const bytes = statIfThere(work.archive)?.size;
    if (digest === undefined || bytes === undefined) throw new Error("the file was not made");
    // Until the entry is written, the lease keeps others from removing the file as a leftover.
    const lease = await acquireLease(paths, digest);
    try {
      await store.withDigestLock(digest, signal, async () => publish(store, work.archive, digest));
      const entry = makeEntry({ ...kept, digest, bytes, created: now(), tool });
      writeEntry(paths, entry);
      if (seen !== undefined) rememberSighting(paths, seen.serial, seen.identity, entry, now());
      return entry;
    } finally {
      lease.release();
    }
  } finally {
    await work.end({ signal });
  }
}

/** Puts the file in its place. What is there already is either the same or damaged. */
function publish(store: Store, made: string, digest: Digest): void {
  const place = store.paths.archive(digest);
  try {
    chmodSync(made, 0o444);
    flush(made);
    renameSync(made, place);
  } catch (error) {
    throw diskError(error, "write the cache", place);
  }
  touch(place, store.now());
}
