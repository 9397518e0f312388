import {
  chmodSync,
  constants,
  copyFileSync,
  type Dirent,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  statSync,
  symlinkSync,
  utimesSync,
} from "node:fs";
import path from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { removeTree } from "../cache/disk/remove-tree.js";
import { treeFileTime } from "../cache/trees/manifest.js";
import type { OpenedTree } from "../cache/trees/opened-tree.js";
import { attempt, checkParent, outputError, Refused, temporaryBeside } from "./output.js";

/**
 * Checks that a tree can be copied to `dir`: it does not exist and its parent is writable, or it is an empty
 * and writable folder.
 *
 * @throws KheadersError `output-failed`.
 */
export function checkCopyTarget(dir: string): void {
  attempt(dir, () => {
    const target = path.resolve(dir);
    checkParent(isEmptyFolder(target) ? path.join(target, "child") : target);
  });
}

/**
 * Copies a tree to `dir`, which must not exist or must be an empty folder. Folders and files are writable, as
 * the umask says. Clones files if the file system can. A folder that did not exist appears whole or not at
 * all.
 *
 * @throws KheadersError `output-failed` or `disk-full`; the signal's reason when it aborts. Nothing is left
 * then.
 */
export async function copyTree(
  opened: Pick<OpenedTree, "tree">,
  dir: string,
  signal?: AbortSignal,
): Promise<void> {
  const target = path.resolve(dir);
  const exists = attempt(dir, () => isEmptyFolder(target));
  // Inside an existing folder: it may be a shell's current folder or a mount point, so it must not be
  // replaced.
  const temporary = temporaryBeside(exists ? path.join(target, "child") : target);
  try {
    await copyFolder(opened.tree, temporary, signal);
    if (exists) await moveChildren(temporary, target);
    else renameSync(temporary, target);
  } catch (error) {
    await removeTree(temporary);
    if (signal?.aborted) throw error;
    throw outputError(error, dir);
  }
}

const takesEmptyFolder = "Name a folder that is empty or does not exist.";

/** Whether `dir` is an empty folder; false if there is nothing. */
function isEmptyFolder(dir: string): boolean {
  if (lstatSync(dir, { throwIfNoEntry: false }) === undefined) return false;
  if (!statSync(dir).isDirectory()) throw new Refused("it exists and is not a folder", takesEmptyFolder);
  if (readdirSync(dir).length > 0) throw new Refused("the folder is not empty", takesEmptyFolder);
  return true;
}

async function copyFolder(source: string, target: string, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  mkdirSync(target);
  // The new folder shows which permissions the umask, or an access control list, leaves.
  const permissions = statSync(target).mode & 0o777;
  for (const child of readdirSync(source, { withFileTypes: true })) {
    const from = path.join(source, child.name);
    const to = path.join(target, child.name);
    if (child.isDirectory()) await copyFolder(from, to, signal);
    else copyChild(child, from, to, permissions);
  }
  await nextTurn();
}

function copyChild(child: Dirent, from: string, to: string, permissions: number): void {
  if (child.isSymbolicLink()) {
    symlinkSync(readlinkSync(from), to);
    return;
  }
  // Reading a FIFO would block for ever.
  if (!child.isFile()) throw new Refused("the tree in the cache is damaged", "Run: kheaders cache verify");
  copyFileSync(from, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
  const isExecutable = (statSync(from).mode & 0o100) !== 0;
  chmodSync(to, isExecutable ? permissions : permissions & 0o666);
  // As in the tree, so that make does not take a file for older than another.
  utimesSync(to, treeFileTime, treeFileTime);
}

async function moveChildren(from: string, to: string): Promise<void> {
  const moved: string[] = [];
  try {
    for (const name of readdirSync(from)) {
      renameSync(path.join(from, name), path.join(to, name));
      moved.push(name);
    }
    rmdirSync(from);
  } catch (error) {
    for (const name of moved) await removeTree(path.join(to, name));
    throw error;
  }
}
