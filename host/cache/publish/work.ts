import path from "node:path";
import { diskError } from "../disk/errors.js";
import { createLayout } from "../disk/format.js";
import { nameOfWork } from "../disk/paths.js";
import { type RemovalLimits, removeTree } from "../disk/remove-tree.js";
import { statIfThere } from "../disk/stat.js";
import { acquireLease, type Lease } from "../locks/lease.js";
import type { Store } from "../store.js";
import { sweep } from "./sweep.js";

/**
 * Milliseconds that may be spent on leftovers before the work begins. `cache prune` and `cache verify` have
 * no limit.
 */
const maxSweep = 2_000;

/**
 * Temporary names for one piece of work. They lie beside the final ones, because an ordinary user cannot
 * rename a read-only folder into another parent. A lease keeps others from removing them while this process
 * runs.
 */
export class Work {
  readonly archive: string;
  readonly tree: string;
  /** For a published tree that is being removed. */
  readonly removed: string;
  /** For an extra; it does not lie in the same folder as the final place. */
  readonly extra: string;
  /** For the extras of a tree that are being removed. */
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
   * Makes the cache if it does not exist, removes what dead processes left, and takes the names. The caller
   * must call {@link Work.end}.
   *
   * @throws KheadersError `disk-full`, `cache-failed` or `cache-format`; the signal's reason when it aborts.
   */
  static async begin(store: Store, signal: AbortSignal | undefined): Promise<Work> {
    createLayout(store.paths);
    await sweep(store, { signal, maxTime: maxSweep });
    return new Work(store, await acquireLease(store.paths, "work"));
  }

  /**
   * Whether the disk takes names that differ only in case for the same. Ask once the tree's folder exists.
   */
  get caseInsensitive(): boolean {
    const upperCase = path.join(path.dirname(this.tree), path.basename(this.tree).toUpperCase());
    return statIfThere(upperCase) !== undefined;
  }

  /**
   * Removes what is left under the names. May be called again.
   *
   * @param limits What is left when they are reached is removed by a later sweep.
   * @throws KheadersError `cache-failed`.
   */
  async end(limits: RemovalLimits = {}): Promise<void> {
    try {
      const names = [this.archive, this.tree, this.removed, this.extra, this.removedExtra];
      for (const left of names) await removeTree(left, limits);
    } catch (error) {
      throw diskError(error, "remove temporary files", this.tree);
    } finally {
      this.#lease.release();
    }
  }
}
