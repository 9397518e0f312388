import path from "node:path";
import { diskError } from "../disk/errors.js";
import { createLayout } from "../disk/format.js";
import { nameOfWork } from "../disk/paths.js";
import { type RemovalLimits, removeTree } from "../disk/remove-tree.js";
import { statIfThere } from "../disk/stat.js";
import { acquireLease, type Lease } from "../locks/lease.js";
import type { Store } from "../store.js";
import { sweep } from "./sweep.js";

/** Milliseconds that a work spends on what others left before it begins: `cache prune` and `cache verify` take their time. */
const maxSweep = 2_000;

/**
 * Temporary names for one piece of work, beside the final ones: an ordinary user cannot rename a read-only folder into
 * another parent. A lease keeps others from clearing them away while the worker lives.
 */
export class Work {
  readonly archive: string;
  readonly tree: string;
  /** For a published tree that is being taken away. */
  readonly removed: string;
  /** For an extra; its folder is another one than that of the final place. */
  readonly extra: string;
  /** For the extras of a tree that are being taken away. */
  readonly removedExtra: string;
  readonly #lease: Lease;

  private constructor(store: Store, lease: Lease) {
    const name = nameOfWork(lease.id);
    this.#lease = lease;
    this.archive = path.join(store.paths.archives, name);
    this.tree = path.join(store.paths.trees, name);
    this.removed = `${this.tree}-old`;
    this.extra = path.join(store.paths.extras, name);
    this.removedExtra = `${this.extra}-old`;
  }

  /**
   * Makes the cache if need be, clears away what is left of workers who died, and takes the names. Whoever begins a work
   * must end it.
   *
   * @throws KheadersError `disk-full`, `cache-failed` or `cache-format`; the signal's reason when it aborts.
   */
  static async begin(store: Store, signal: AbortSignal | undefined): Promise<Work> {
    createLayout(store.paths);
    await sweep(store, { signal, maxTime: maxSweep });
    return new Work(store, await acquireLease(store.paths, "work"));
  }

  /** Whether names that differ in case alone fall together where trees are written; asked once the tree's folder is there. */
  get caseInsensitive(): boolean {
    const upperCase = path.join(path.dirname(this.tree), path.basename(this.tree).toUpperCase());
    return statIfThere(upperCase) !== undefined;
  }

  /**
   * Removes what is left under the names. May be called again.
   *
   * @param limits What is left when they end it, a later sweep removes.
   * @throws KheadersError `cache-failed`.
   */
  async end(limits: RemovalLimits = {}): Promise<void> {
    try {
      const names = [this.archive, this.tree, this.removed, this.extra, this.removedExtra];
      for (const left of names) await removeTree(left, limits);
    } catch (error) {
      throw diskError(error, "clear away temporary files", this.tree);
    } finally {
      this.#lease.release();
    }
  }
}
