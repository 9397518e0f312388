import type { Digest, KernelIdentity, KernelKey } from "../../shared/identity.js";
import type { KernelConfig } from "../kernel/config.js";
import { BtfCache } from "./btf-cache.js";
import { findLayout } from "./disk/format.js";
import { readHostBootId } from "./disk/host-boot.js";
import { touch } from "./disk/last-use.js";
import { statIfThere } from "./disk/stat.js";
import { configDifferences } from "./kernels/configs.js";
import { allEntries, entriesFor, entriesOf } from "./kernels/entries.js";
import type { CacheEntry, Kernel } from "./kernels/entry.js";
import { decideServing, type Serving, type ServingQuestion } from "./kernels/serving.js";
import {
  entryOfBoot,
  kernelsSeenOn,
  lastKernelOf,
  rememberIfAllowed,
  type SeenKernel,
} from "./kernels/sightings.js";
import { acquireLease, type Lease } from "./locks/lease.js";
import type { Lock, LockOptions } from "./locks/lock.js";
import type { KeepExtraOptions, MakeExtra } from "./publish/extras.js";
import type { Scratch } from "./publish/scratch.js";
import type { Staging } from "./publish/staging.js";
import { Store } from "./store.js";
import type { Manifest, ManifestDifference } from "./trees/manifest.js";
import { type OpenedTree, openedTree } from "./trees/opened-tree.js";
import { soundRecord } from "./trees/state.js";
import type { CacheInfo, Listing } from "./upkeep/listing.js";
import type { PruneOptions, PruneReport } from "./upkeep/prune.js";
import type { RemoveReport } from "./upkeep/remove.js";
import type { VerifyOptions, VerifyReport } from "./upkeep/verify.js";

/** Which cache to open, and as what. */
export interface CacheOptions {
  /** The cache's folder ({@link cacheDir}); need not exist. */
  readonly dir: string;
  /** The version of kheaders, which entries record. */
  readonly tool: string;
  readonly now?: () => Date;
  /** The id of this workstation's boot; undefined if the system does not say. */
  readonly hostBootId?: () => string | undefined;
  /** Without locks, work may be done twice; what the cache shows must still be right. */
  readonly locks?: boolean;
}

/** Headers that are not in the cache and could be: the entry that they would have. */
export interface Offer {
  readonly entry: CacheEntry;
  /** Whether their configuration is said to be the running kernel's, option by option. */
  readonly hasSameOptions: boolean;
}

/** How to open a tree. */
export interface OpenOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called when a damaged tree is made again. */
  readonly onProgress?:
    | ((event: { readonly type: "stage"; readonly stage: "repairing" }) => void)
    | undefined;
}

/**
 * Opens a cache. Nothing is made or written until something is published or locked.
 *
 * @throws KheadersError `cache-format` or `cache-failed` if the folder cannot be used as a cache or read.
 */
export function openCache(options: CacheOptions): Cache {
  return new Cache(
    new Store({
      paths: findLayout(options.dir),
      tool: options.tool,
      now: options.now ?? (() => new Date()),
      hostBootId: options.hostBootId ?? readHostBootId,
      locks: options.locks ?? true,
    }),
  );
}

/**
 * The kernels whose headers were pulled, with their archives and trees. Any number of processes may use a
 * cache at once, and each may die at any moment. This file loads only what a hit needs; the rest is loaded on
 * demand.
 */
export class Cache {
  readonly #store: Store;

  /** See {@link openCache}. */
  constructor(store: Store) {
    this.#store = store;
  }

  /** The cache's folder, absolute. */
  get dir(): string {
    return this.#store.paths.root;
  }

  /** The BTF files of kernels. */
  get btf(): BtfCache {
    return new BtfCache(this.#store.btf());
  }

  /** The entries of a key, the latest first. @throws KheadersError `cache-failed`. */
  entriesFor(key: KernelKey): CacheEntry[] {
    return entriesFor(this.#store.paths, key);
  }

  /** All entries, the latest first. @throws KheadersError `cache-failed`. */
  entries(): CacheEntry[] {
    return allEntries(this.#store.paths);
  }

  /** The entries whose headers an archive has, the latest first. @throws KheadersError `cache-failed`. */
  entriesOf(digest: Digest): CacheEntry[] {
    return entriesOf(this.#store.paths, digest);
  }

  /**
   * Decides whether an entry is of the kernel that a serial runs, or what must be asked first; see
   * {@link decideServing}.
   *
   * @throws KheadersError `cache-failed`.
   */
  serving(
    identity: KernelIdentity,
    serial: string,
    question: Pick<ServingQuestion, "asked" | "rootPossible" | "trustRelease"> & {
      /** The running kernel's configuration, if it is known. */
      readonly config?: KernelConfig | undefined;
      /** An entry that the cache would have of what a store offers. */
      readonly offer?: Offer | undefined;
    },
  ): Serving {
    const { config, offer, ...rest } = question;
    const own = this.entriesFor(identity);
    const differences = new Map(config && configDifferences(this.#store.paths, own, config));
    if (offer?.hasSameOptions) differences.set(offer.entry.id, []);
    const boot = identity.bootId === undefined ? undefined : this.findBoot(serial, identity.bootId);
    const candidates = offer === undefined ? own : [...own, offer.entry];
    return decideServing({ ...rest, identity, boot, candidates, differences });
  }

  /**
   * The entry that was proven for a serial in that boot of its device.
   *
   * @throws KheadersError `cache-failed`.
   */
  findBoot(serial: string, bootId: string): CacheEntry | undefined {
    return entryOfBoot(this.#store.paths, serial, bootId);
  }

  /**
   * The kernel that was last seen on a serial; see {@link describeChange}.
   *
   * @throws KheadersError `cache-failed`.
   */
  lastSeen(serial: string): Kernel | undefined {
    return lastKernelOf(this.#store.paths, serial);
  }

  /**
   * The kernels that a serial ran in the boots that are known, the latest first, as far as the cache still has them.
   *
   * @throws KheadersError `cache-failed`.
   */
  seenOn(serial: string): SeenKernel[] {
    return kernelsSeenOn(this.#store.paths, serial);
  }

  /**
   * Remembers that a serial runs, in this boot of its device, the kernel of `entry`, which must have been
   * proven. Does nothing in a cache that may not be written.
   *
   * @throws KheadersError `disk-full` or `cache-failed`.
   */
  remember(serial: string, identity: KernelIdentity, entry: CacheEntry): void {
    const { paths, now } = this.#store;
    rememberIfAllowed(paths, serial, identity, entry, now());
  }

  /**
   * The kernel source that was used last to build modules for a series.
   *
   * @returns its absolute path.
   * @throws KheadersError `cache-failed`.
   */
  async kbuildSource(series: string): Promise<string | undefined> {
    const { lastKbuildSource } = await import("./kernels/kbuild-sources.js");
    return lastKbuildSource(this.#store.paths, series);
  }

  /**
   * Remembers the kernel source that was used for a series. Does nothing in a cache that may not be written.
   *
   * @param source its absolute path.
   * @throws KheadersError `disk-full` or `cache-failed`.
   */
  async rememberKbuildSource(series: string, source: string): Promise<void> {
    const { rememberKbuildSource } = await import("./kernels/kbuild-sources.js");
    rememberKbuildSource(this.#store.paths, series, source);
  }

  /**
   * Gives the tree of an entry once it is known to be whole: at once if it was written in this boot of the
   * workstation or has outlived one, else after reading all of it. A damaged tree is repaired from its
   * archive.
   *
   * @returns Undefined if it could not be mended: it must be pulled again.
   * @throws KheadersError `disk-full` or `cache-failed`; the signal's reason when it aborts.
   */
  async open(entry: CacheEntry, options: OpenOptions = {}): Promise<OpenedTree | undefined> {
    const { paths, now } = this.#store;
    // Before the check: if a prune is about to remove it, either the prune sees this use or we see the tree
    // gone.
    touch(paths.archive(entry.digest), now());
    if (soundRecord(this.#store, entry.digest) === undefined) {
      const { mend } = await import("./publish/mend.js");
      const { signal, onProgress } = options;
      const onRepair = () => onProgress?.({ type: "stage", stage: "repairing" });
      if ((await mend(this.#store, entry.digest, { signal, onRepair })) === "lost") return undefined;
    }
    touch(paths.entry(entry.id), now());
    return openedTree(paths, entry, entry);
  }

  /**
   * Takes the right to pull kernels of a key, waiting for the process that has it. Makes the cache if it does
   * not exist.
   *
   * @throws KheadersError `disk-full`, `cache-failed` or `cache-format`; the signal's reason when it aborts.
   */
  lock(key: KernelKey, options?: LockOptions): Promise<Lock> {
    return this.#store.lock(["pull", key.fingerprint, key.release], options);
  }

  /**
   * Keeps a tree and its archive from being pruned or removed until the lease is released or this process
   * ends. A tree that was opened before the lease was taken may be gone: open it afterwards.
   *
   * @throws KheadersError `cache-failed`.
   */
  acquireLease(digest: Digest): Promise<Lease> {
    return acquireLease(this.#store.paths, digest);
  }

  /**
   * Begins to take in an archive. Makes the cache if it does not exist, and removes what dead processes left.
   *
   * @param kernel Files that are equal in the trees of its series are shared.
   * @throws KheadersError `disk-full`, `cache-failed` or `cache-format`; the signal's reason when it aborts.
   */
  async stage(kernel: Pick<KernelKey, "release">, signal?: AbortSignal): Promise<Staging> {
    const { Staging } = await import("./publish/staging.js");
    return Staging.begin(this.#store, kernel.release, signal);
  }

  /**
   * Makes a folder for large temporary files, on the disk of the cache. Makes the cache if it does not exist. The caller
   * ends it.
   *
   * @throws KheadersError `disk-full`, `cache-failed` or `cache-format`; the signal's reason when it aborts.
   */
  async scratch(signal?: AbortSignal): Promise<Scratch> {
    const { makeScratch } = await import("./publish/scratch.js");
    return makeScratch(this.#store, signal);
  }

  /**
   * Finds an extra: a file or a folder that belongs to the tree of a digest but does not come from its
   * archive. Asking counts as a use of the tree.
   *
   * @returns Its absolute path, or undefined if it was not kept.
   * @throws KheadersError `cache-failed`.
   */
  extra(digest: Digest, name: string): string | undefined {
    const { paths, now } = this.#store;
    const extra = paths.extra(digest, name);
    const stat = statIfThere(extra);
    // Reading a FIFO or a device would block.
    if (!stat?.isFile() && !stat?.isDirectory()) return undefined;
    touch(paths.archive(digest), now());
    return extra;
  }

  /**
   * Keeps an extra of a tree. If there is one of that name already, gives that. It is removed with its tree.
   * If several processes want the same extra at once, one makes it.
   *
   * @param name Lower-case letters, digits and `-`, and perhaps a suffix. What belongs to a kernel and not to
   * its archive must be named after the kernel ({@link CacheEntry.id}): one archive may serve several
   * kernels.
   * @param make Makes a file or a folder at the given path, which does not exist yet.
   * @returns Its absolute path.
   * @throws KheadersError `cache-failed` (also if the tree was removed meanwhile), `disk-full`; what `make`
   * throws; the signal's reason when it aborts.
   */
  async keepExtra(
    digest: Digest,
    name: string,
    make: MakeExtra,
    options: KeepExtraOptions = {},
  ): Promise<string> {
    const { keepExtra } = await import("./publish/extras.js");
    return keepExtra(this.#store, { digest, name, make }, options);
  }

  /**
   * What the tree of a digest is made of; undefined if that is not known, or its record is damaged.
   *
   * @throws KheadersError `cache-failed`.
   */
  async manifest(digest: Digest): Promise<Manifest | undefined> {
    const { recordedManifest } = await import("./trees/manifest.js");
    return recordedManifest(this.#store.paths, digest);
  }

  /**
   * In what the trees of two digests differ; undefined if that is not known of one of them, or its record is damaged.
   *
   * @throws KheadersError `cache-failed`.
   */
  async compareManifests(old: Digest, now: Digest): Promise<ManifestDifference | undefined> {
    const { compareRecordedManifests } = await import("./trees/manifest.js");
    return compareRecordedManifests(this.#store.paths, old, now);
  }

  /**
   * The digest of a tree of this cache, by its folder; undefined for any other folder.
   *
   * @throws KheadersError `cache-failed`.
   */
  async digestOfTree(folder: string): Promise<Digest | undefined> {
    const { digestOfTree } = await import("./upkeep/digests.js");
    return digestOfTree(this.#store.paths, folder);
  }

  /** Lists what the cache has, BTF files included. @throws KheadersError `cache-failed`. */
  async list(): Promise<Listing> {
    const { list } = await import("./upkeep/with-btf.js");
    return list(this.#store);
  }

  /** Sums up what the cache has; looks at every file. @throws KheadersError `cache-failed`. */
  async info(): Promise<CacheInfo> {
    const { info } = await import("./upkeep/with-btf.js");
    return info(this.#store);
  }

  /**
   * Checks every archive, tree, BTF file and entry, and mends what can be mended.
   *
   * @throws KheadersError `cache-failed`, or `disk-full` if a repair finds no space; the signal's reason when
   * it aborts.
   */
  async verify(options: VerifyOptions): Promise<VerifyReport> {
    const { verify } = await import("./upkeep/with-btf.js");
    return verify(this.#store, options);
  }

  /**
   * Removes what is older than allowed, then what was used least recently until the rest fits.
   *
   * @throws KheadersError `cache-failed`; the signal's reason when it aborts.
   */
  async prune(options: PruneOptions): Promise<PruneReport> {
    const { prune } = await import("./upkeep/with-btf.js");
    return prune(this.#store, options);
  }

  /**
   * The digests that `text` means: the one that begins with it (8 digits or more), or those of the kernels
   * with that release or fingerprint.
   *
   * @throws KheadersError `several-kernels` if several begin with it; `cache-failed`.
   */
  async digestsMatching(text: string): Promise<Digest[]> {
    const { digestsMatching } = await import("./upkeep/with-btf.js");
    return digestsMatching(this.#store, text);
  }

  /**
   * Removes archives with their trees and entries, or BTF files, or all that the cache has, except what a running process
   * has leased.
   *
   * @throws KheadersError `cache-failed`; the signal's reason when it aborts.
   */
  async remove(what: readonly Digest[] | "all", signal?: AbortSignal): Promise<RemoveReport> {
    const { remove } = await import("./upkeep/with-btf.js");
    return remove(this.#store, what, signal);
  }
}
