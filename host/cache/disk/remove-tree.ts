import { chmodSync, lstatSync, readdirSync, rmdirSync, unlinkSync } from "node:fs";
import path from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type EnteredFolder, enterFolder } from "./enter-folder.js";
import { diskError, isMissing, isNotWritable } from "./errors.js";

/** How long a removal may go on. What is left then is for the next sweep. */
export interface RemovalLimits {
  /** When it aborts, a little more is removed: an ordinary tree still goes. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds. */
  readonly maxTime?: number | undefined;
}

/** Milliseconds after which the thread is left to others. */
const turnTakes = 10;

/** Milliseconds for which a removal goes on after an abort. */
const afterAbort = 1_000;

/**
 * Removes a file, or a tree whose folders may be read-only. Links are removed, never followed, and only folders are changed
 * that belong to us or to the owner of the folder in which `root` lies: another user of the cache may put anything in the
 * place of anything, at any moment. A missing path is not an error; concurrent removal is fine.
 *
 * @returns Whether it is gone; not if the limits ended it.
 * @throws the system's error.
 */
export async function removeTree(root: string, limits: RemovalLimits = {}): Promise<boolean> {
  const parent = lstatSync(path.dirname(root), { throwIfNoEntry: false });
  if (parent === undefined) return true;
  return new Removal([process.geteuid?.() ?? parent.uid, parent.uid], limits).remove(root);
}

/**
 * As {@link removeTree}, for what may be another user's, who then has to clear it away.
 *
 * @returns Whether it is gone.
 * @throws KheadersError `cache-failed`.
 */
export async function removeIfAllowed(root: string, limits?: RemovalLimits): Promise<boolean> {
  try {
    return await removeTree(root, limits);
  } catch (error) {
    if (isNotWritable(error)) return false;
    throw diskError(error, "remove", root);
  }
}

/** Removes a file, if we may. A missing file is not an error. @throws KheadersError `cache-failed`. */
export function removeFileIfAllowed(file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    if (!isNotWritable(error) && !isMissing(error)) throw diskError(error, "remove", file);
  }
}

class Removal {
  readonly #owners: readonly number[];
  readonly #limits: RemovalLimits;
  readonly #started = performance.now();
  #turnBegan = performance.now();
  #aborted: number | undefined;

  constructor(owners: readonly number[], limits: RemovalLimits) {
    this.#owners = owners;
    this.#limits = limits;
  }

  async remove(file: string): Promise<boolean> {
    const stat = lstatSync(file, { throwIfNoEntry: false });
    if (stat === undefined) return true;
    if (!stat.isDirectory()) {
      ignoringMissing(() => unlinkSync(file));
      return true;
    }
    const folder = enterFolder(file);
    if (folder === undefined) return this.remove(file);
    try {
      const isEmpty = await this.#empty(folder);
      if (!isEmpty) return false;
    } finally {
      folder.leave();
    }
    ignoringMissing(() => rmdirSync(file));
    return true;
  }

  async #empty(folder: EnteredFolder): Promise<boolean> {
    if (!this.#owners.includes(folder.stat.uid)) {
      throw Object.assign(new Error("it belongs to another user"), { code: "EPERM" });
    }
    // Only who may write a folder can take something out of it.
    if ((folder.stat.mode & 0o700) !== 0o700) chmodSync(folder.inside, 0o700);
    for (const child of readdirSync(folder.inside, { withFileTypes: true })) {
      if (await this.#isOver()) return false;
      folder.check();
      const file = `${folder.inside}/${child.name}`;
      if (!child.isDirectory()) ignoringMissing(() => unlinkSync(file));
      else if (!(await this.remove(file))) return false;
    }
    return true;
  }

  async #isOver(): Promise<boolean> {
    const { signal, maxTime = Number.POSITIVE_INFINITY } = this.#limits;
    const now = performance.now();
    if (signal?.aborted) this.#aborted ??= now;
    if (now - this.#started >= maxTime || now - (this.#aborted ?? now) >= afterAbort) return true;
    if (now - this.#turnBegan >= turnTakes) {
      await nextTurn();
      this.#turnBegan = performance.now();
    }
    return false;
  }
}

function ignoringMissing(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
