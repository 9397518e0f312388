import type { Digest, KernelIdentity, KnownKernel, Source } from "../../../shared/identity.js";
import type { Member } from "../../archive/reader.js";
import { writeEntry } from "../kernels/entries.js";
import { type CacheEntry, makeEntry } from "../kernels/entry.js";
import { rememberSighting } from "../kernels/sightings.js";
import { acquireLease } from "../locks/lease.js";
import type { Store } from "../store.js";
import { ArchiveWriter } from "../trees/archive-writer.js";
import { type OpenedTree, openedTree } from "../trees/opened-tree.js";
import { linkIfUnchanged, SharedFiles } from "../trees/sharing.js";
import { TreeWriter } from "../trees/writer.js";
import { install, type MadeTree } from "./install.js";
import { Work } from "./work.js";

/** Milliseconds that a failed pull may spend on removing its files before it reports the error. */
const maxDiscard = 5_000;

/**
 * An archive on its way into the cache, under temporary names. The caller must call {@link Staging.discard}
 * at the end, published or not.
 */
export class Staging {
  /** Takes the archive's bytes. */
  readonly archive: { write(chunk: Uint8Array): void };
  /** Takes the archive's members, checked. */
  readonly tree: { add(entry: Member): void };
  /** Whether the disk takes names that differ only in case for the same. */
  readonly caseInsensitive: boolean;
  readonly #store: Store;
  readonly #work: Work;
  readonly #signal: AbortSignal | undefined;
  readonly #archive: ArchiveWriter;
  readonly #tree: TreeWriter;

  private constructor(store: Store, work: Work, shared: SharedFiles, signal: AbortSignal | undefined) {
    this.#store = store;
    this.#work = work;
    this.#signal = signal;
    this.#archive = new ArchiveWriter(work.archive);
    this.archive = this.#archive;
    try {
      this.#tree = new TreeWriter(work.tree, ({ sha256, executable, size }, target) => {
        const source = shared.find(sha256, executable);
        return source !== undefined && linkIfUnchanged(source, target, size, executable);
      });
    } catch (error) {
      this.#archive.close();
      throw error;
    }
    this.tree = this.#tree;
    this.caseInsensitive = work.caseInsensitive;
  }

  /**
   * @param release Of the kernel that the archive is for. Files that are equal in the trees of its series are
   * shared.
   * @throws KheadersError `disk-full`, `cache-failed` or `cache-format`; the signal's reason when it aborts.
   */
  static async begin(store: Store, release: string, signal: AbortSignal | undefined): Promise<Staging> {
    const work = await Work.begin(store, signal);
    try {
      return new Staging(store, work, new SharedFiles(store, release), signal);
    } catch (error) {
      await work.end();
      throw error;
    }
  }

  /**
   * Finishes archive and tree. Call it once, after the last byte and member. Nothing is published yet.
   *
   * @throws KheadersError `disk-full` or `cache-failed`.
   */
  finish(): Staged {
    const digest = this.#archive.finish();
    const manifest = this.#tree.seal();
    const { bytes } = this.#archive;
    return new Staged(this.#store, this.#work, {
      digest,
      bytes,
      manifest,
      keepsModes: this.#tree.keepsModes,
    });
  }

  /**
   * Removes what was not published. May be called again. A refused archive may have left more than can be
   * removed in a few seconds or after an abort; later pulls remove the rest.
   *
   * @throws KheadersError `cache-failed`.
   */
  async discard(): Promise<void> {
    this.#archive.close();
    await this.#work.end({ signal: this.#signal, maxTime: maxDiscard });
  }
}

/** An archive that was received and unpacked whole, but is not published yet. */
export class Staged {
  readonly digest: Digest;
  /** Size of the archive. */
  readonly bytes: number;
  readonly #store: Store;
  readonly #work: Work;
  readonly #made: MadeTree;

  constructor(store: Store, work: Work, made: MadeTree) {
    this.digest = made.digest;
    this.bytes = made.bytes;
    this.#store = store;
    this.#work = work;
    this.#made = made;
  }

  /**
   * Publishes archive and tree, then writes the entry that makes them serve, so that a process which sees the
   * entry finds the tree. Remembers that `serial` runs that kernel. The caller has proven that the archive is
   * of this kernel.
   *
   * @throws KheadersError `disk-full` or `cache-failed`; the signal's reason when it aborts, and then nothing
   * was published.
   */
  async publish(about: {
    readonly identity: KernelIdentity;
    readonly serial: string;
    readonly source: Source;
    readonly signal?: AbortSignal | undefined;
  }): Promise<OpenedTree> {
    const { identity, serial, source, signal } = about;
    const { paths, now } = this.#store;
    return this.#publishAs({ kernel: identity, source, origin: undefined }, signal, (entry) =>
      rememberSighting(paths, serial, identity, entry, now()),
    );
  }

  /**
   * Publishes archive and tree as the headers of a kernel that no device was asked about: taken out of files. What is
   * known of that kernel decides which devices they serve.
   *
   * @param about `origin` names the file or address as the user knows it.
   * @throws KheadersError `disk-full` or `cache-failed`; the signal's reason when it aborts, and then nothing was published.
   */
  publishImported(about: {
    readonly kernel: KnownKernel;
    readonly origin: string;
    readonly source?: "file" | "store" | undefined;
    readonly signal?: AbortSignal | undefined;
  }): Promise<OpenedTree> {
    const { kernel, origin, source = "file", signal } = about;
    return this.#publishAs({ kernel, source, origin }, signal);
  }

  async #publishAs(
    about: Pick<CacheEntry, "kernel" | "source" | "origin">,
    signal: AbortSignal | undefined,
    onWritten: (entry: CacheEntry) => void = () => undefined,
  ): Promise<OpenedTree> {
    const { paths, now, tool } = this.#store;
    const { digest, bytes } = this.#made;
    // Until the entry is written, the lease keeps others from removing the tree as a leftover.
    const lease = await acquireLease(paths, digest);
    try {
      await install(this.#store, this.#work, this.#made, signal);
      const entry = makeEntry({ ...about, digest, bytes, created: now(), tool });
      writeEntry(paths, entry);
      onWritten(entry);
      return openedTree(paths, this.#made, entry);
    } finally {
      lease.release();
    }
  }

  /**
   * Publishes archive and tree under their digest only; they serve no kernel (`--allow-mismatch`).
   *
   * @throws KheadersError `disk-full` or `cache-failed`; the signal's reason when it aborts, and then nothing
   * was published.
   */
  async publishApart(signal?: AbortSignal): Promise<OpenedTree> {
    const { paths } = this.#store;
    const lease = await acquireLease(paths, this.digest);
    try {
      await install(this.#store, this.#work, this.#made, signal);
      return openedTree(paths, this.#made, undefined);
    } finally {
      lease.release();
    }
  }
}
