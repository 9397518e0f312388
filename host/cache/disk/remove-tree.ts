import { chmodSync, lstatSync, readdirSync, rmdirSync, unlinkSync } from "node:fs";
import path from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type EnteredFolder, enterFolder } from "./enter-folder.js";
import { diskError, isMissing, isNotWritable } from "./errors.js";

/** How long a removal may take. What is left then is removed by the next sweep. */
export interface RemovalLimits {
  /** When it aborts, removal goes on for a second, which is enough for an ordinary tree. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds. */
  readonly maxTime?: number | undefined;
}

/** Milliseconds after which to yield to the event loop. */
const turnTime = 10;

/** Milliseconds for which removal goes on after an abort. */
const maxAfterAbort = 1_000;

/**
 * Removes a file, or a tree whose folders may be read-only. Links are removed, never followed. A folder is
 * changed only if it belongs to us or to the owner of the folder that `root` lies in: another user of the
 * cache may replace anything at any moment. A missing path is not an error; concurrent removal is fine.
 *
 * @returns Whether it is gone; false if a limit was reached.
 * @throws the system's error.
 */
export async function removeTree(root: string, limits: RemovalLimits = {}): Promise<boolean> {
  const parent = lstatSync(path.dirname(root), { throwIfNoEntry: false });
  if (parent === undefined) return true;
  return new Removal([process.geteuid?.() ?? parent.uid, parent.uid], limits).remove(root);
}

/**
 * As {@link removeTree}, but leaves what belongs to another user, who has to remove it.
 *
 * @returns Whether it is gone.
 * @throws KheadersError `cache-failed`.
 */
export async function removeIfAllowed(root: string, limits?: RemovalLimits): Promise<boolean> {
  try {
    return await removeTree(root, limits);
  } catch (error) {
    if (isNotWritable(error)) return false;
    throw diskError(error, "remove from the cache", root);
  }
}

/** Removes a file, if we may. A missing file is not an error. @throws KheadersError `cache-failed`. */
export function removeFileIfAllowed(file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    if (!isNotWritable(error) && !isMissing(error)) throw diskError(error, "remove from the cache", file);
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

  async remove(file: string | Buffer): Promise<boolean> {
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
    // To remove something from a folder, the folder must be writable.
    if ((folder.stat.mode & 0o700) !== 0o700) chmodSync(folder.inside, 0o700);
    for (const { file, isFolder } of childrenOf(folder.inside)) {
      if (await this.#isOver()) return false;
      folder.check();
      if (!isFolder) ignoringMissing(() => unlinkSync(file));
      else if (!(await this.remove(file))) return false;
    }
    return true;
  }

  async #isOver(): Promise<boolean> {
    const { signal, maxTime = Number.POSITIVE_INFINITY } = this.#limits;
    const now = performance.now();
    if (signal?.aborted) this.#aborted ??= now;
    if (now - this.#started >= maxTime || now - (this.#aborted ?? now) >= maxAfterAbort) return true;
    if (now - this.#turnBegan >= turnTime) {
      await nextTurn();
      this.#turnBegan = performance.now();
    }
    return false;
  }
}

/** What Node puts in the place of bytes that are not UTF-8. */
const replacement = "\ufffd";

/** What is in a folder. A path whose name is not UTF-8, as one out of an archive may be, is given as bytes. */
function childrenOf(folder: string): { file: string | Buffer; isFolder: boolean }[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  if (!entries.some(({ name }) => name.includes(replacement)))
    return entries.map((entry) => ({ file: `${folder}/${entry.name}`, isFolder: entry.isDirectory() }));
  return readdirSync(folder, "buffer").map((name) => {
    const file = Buffer.concat([Buffer.from(`${folder}/`), name]);
    return { file, isFolder: lstatSync(file, { throwIfNoEntry: false })?.isDirectory() === true };
  });
}

function ignoringMissing(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
