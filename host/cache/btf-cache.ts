import type { Digest, KernelIdentity, KernelKey } from "../../shared/identity.js";
import { touch } from "./disk/last-use.js";
import { statIfThere } from "./disk/stat.js";
import { allEntries, entriesFor } from "./kernels/entries.js";
import type { CacheEntry } from "./kernels/entry.js";
import { decideServing, type Serving, type ServingQuestion } from "./kernels/serving.js";
import { entryOfBoot, rememberIfAllowed } from "./kernels/sightings.js";
import { acquireLease, type Lease } from "./locks/lease.js";
import type { Lock, LockOptions } from "./locks/lock.js";
import type { KeepExtraOptions, MakeExtra } from "./publish/extras.js";
import type { KeptFile } from "./publish/keep-file.js";
import type { Store } from "./store.js";

/**
 * The BTF files that kernels have themselves, each once, whether or not the cache has the kernel's headers. They serve by
 * the rule by which headers do. An entry's digest and bytes are those of its BTF file.
 */
export class BtfCache {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** All entries, the latest first. @throws KheadersError `cache-failed`. */
  entries(): CacheEntry[] {
    return allEntries(this.#store.paths);
  }

  /**
   * Decides whether an entry is of the kernel that a serial runs, or what must be asked first; see {@link decideServing}.
   *
   * @throws KheadersError `cache-failed`.
   */
  serving(
    identity: KernelIdentity,
    serial: string,
    question: Pick<ServingQuestion, "asked" | "rootPossible" | "trustRelease">,
  ): Serving {
    const { paths } = this.#store;
    const { bootId } = identity;
    const boot = bootId === undefined ? undefined : entryOfBoot(paths, serial, bootId);
    const candidates = entriesFor(paths, identity);
    return decideServing({ ...question, identity, boot, candidates, differences: new Map() });
  }

  /**
   * The path of the BTF file of an entry; undefined if it is gone or was cut short.
   *
   * @throws KheadersError `cache-failed`.
   */
  open({ digest, bytes, id }: CacheEntry): string | undefined {
    const { paths, now } = this.#store;
    const file = paths.archive(digest);
    touch(file, now());
    const stat = statIfThere(file);
    if (!stat?.isFile() || stat.size !== bytes) return undefined;
    touch(paths.entry(id), now());
    return file;
  }

  /** As {@link Cache.remember}. */
  remember(serial: string, identity: KernelIdentity, entry: CacheEntry): void {
    const { paths, now } = this.#store;
    rememberIfAllowed(paths, serial, identity, entry, now());
  }

  /** Takes the right to read the BTF of kernels of a key from a device, as {@link Cache.lock}. */
  lock(key: KernelKey, options?: LockOptions): Promise<Lock> {
    return this.#store.lock(["btf", key.fingerprint, key.release], options);
  }

  /**
   * Keeps the BTF file of a kernel.
   *
   * @param make Writes the file at the given path, which does not exist yet.
   * @throws KheadersError `disk-full`, `cache-failed` or `cache-format`; what `make` throws; the signal's reason when it
   * aborts.
   */
  async keep(about: KeptFile, make: MakeExtra, signal: AbortSignal | undefined): Promise<CacheEntry> {
    const { keepFile } = await import("./publish/keep-file.js");
    return keepFile(this.#store, about, make, signal);
  }

  /** Keeps a BTF file from being pruned or removed, as {@link Cache.acquireLease}. */
  acquireLease(digest: Digest): Promise<Lease> {
    return acquireLease(this.#store.paths, digest);
  }

  /** Keeps what was made of a BTF file, as {@link Cache.keepExtra}. */
  async keepExtra(
    digest: Digest,
    name: string,
    make: MakeExtra,
    options: KeepExtraOptions = {},
  ): Promise<string> {
    const { keepExtra } = await import("./publish/extras.js");
    return keepExtra(this.#store, { digest, name, make }, options);
  }
}
