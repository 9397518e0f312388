import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  rmdirSync,
  type Stats,
  unlinkSync,
} from "node:fs";
import path from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { errnoOf } from "../../../shared/errors.js";
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
    const folder = enter(file);
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

/** A folder in which something is removed. */
interface EnteredFolder {
  /** A path that leads to this very folder. */
  readonly inside: string;
  readonly stat: Stats;
  /** Throws where `inside` may lead to another folder by now. */
  check(): void;
  leave(): void;
}

/** open(2): the descriptor only names the folder, which need not be readable. The same number on every processor of Node. */
const O_PATH = 0o10000000;

/** Enters a folder without following a link; undefined where no folder is there any more. */
function enter(folder: string): EnteredFolder | undefined {
  return existsSync("/proc/self/fd") ? enterByDescriptor(folder) : enterByPath(folder);
}

function enterByDescriptor(folder: string): EnteredFolder | undefined {
  try {
    const descriptor = openSync(folder, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    return {
      inside: `/proc/self/fd/${descriptor}`,
      stat: fstatSync(descriptor),
      check: () => undefined,
      leave: () => closeSync(descriptor),
    };
  } catch (error) {
    if (isMissing(error) || errnoOf(error) === "ELOOP") return undefined;
    throw error;
  }
}

/** Where no path leads to a descriptor, what can be done is to look often. */
function enterByPath(folder: string): EnteredFolder | undefined {
  const stat = lstatSync(folder, { throwIfNoEntry: false });
  if (!stat?.isDirectory()) return undefined;
  const check = () => {
    const now = lstatSync(folder, { throwIfNoEntry: false });
    if (now?.ino === stat.ino && now.dev === stat.dev) return;
    throw Object.assign(new Error("another folder was put in its place"), { code: "EPERM" });
  };
  return { inside: folder, stat, check, leave: () => undefined };
}

function ignoringMissing(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
