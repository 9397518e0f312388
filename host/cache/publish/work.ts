import path from "node:path";
import { diskError } from "../disk/errors.js";
import { createLayout } from "../disk/format.js";
import { temporaryPrefix } from "../disk/paths.js";
import { removeTree } from "../disk/remove-tree.js";
import { statIfThere } from "../disk/stat.js";
import { acquireLease, type Lease } from "../locks/lease.js";
import type { Store } from "../store.js";
import { sweep } from "./sweep.js";

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
    const name = `${temporaryPrefix}${lease.id}`;
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
   * @throws KheadersError `disk-full`, `cache-failed` or `cache-format`.
   */
  static async begin(store: Store): Promise<Work> {
    createLayout(store.paths);
    await sweep(store);
    return new Work(store, await acquireLease(store.paths, "work"));
  }

  /** Whether names that differ in case alone fall together where trees are written; asked once the tree's folder is there. */
  get caseInsensitive(): boolean {
    const shouted = path.join(path.dirname(this.tree), path.basename(this.tree).toUpperCase());
    return statIfThere(shouted) !== undefined;
  }

  /** Removes what is left under the names. May be called again. @throws KheadersError `cache-failed`. */
  end(): void {
    try {
      const names = [this.archive, this.tree, this.removed, this.extra, this.removedExtra];
      for (const left of names) removeTree(left);
      this.#lease.release();
    } catch (error) {
      throw diskError(error, "clear away temporary files", this.tree);
    }
  }
}
