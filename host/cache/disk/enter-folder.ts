import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  type Stats,
} from "node:fs";
import { errnoOf } from "../../../shared/errors.js";
import { isMissing } from "./errors.js";

/** An open folder, in which something is changed or removed. */
export interface EnteredFolder {
  /** A path that leads to this very folder. */
  readonly inside: string;
  readonly stat: Stats;
  /** Throws if `inside` may lead to another folder by now. */
  check(): void;
  leave(): void;
}

/**
 * open(2): the descriptor only names the folder, which need not be readable. The number is the same on every
 * architecture that Node runs on.
 */
const O_PATH = 0o10000000;

/** Opens a folder without following a link; undefined if there is no folder any more. */
export function enterFolder(folder: string | Buffer): EnteredFolder | undefined {
  // Systems without /proc have names in UTF-8 alone.
  return existsSync("/proc/self/fd") ? enterByDescriptor(folder) : enterByPath(folder.toString());
}

function enterByDescriptor(folder: string | Buffer): EnteredFolder | undefined {
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

/** Without /proc no path leads to a descriptor. All that can be done is to check often. */
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

/** Changes the mode of a folder, never of a link's target. @throws the system's error. */
export function chmodFolder(folder: string, mode: number): void {
  const entered = enterFolder(folder);
  if (entered === undefined) throw Object.assign(new Error("it is no longer a folder"), { code: "ENOENT" });
  try {
    chmodSync(entered.inside, mode);
  } finally {
    entered.leave();
  }
}
