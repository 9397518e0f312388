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
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
} from "node:fs";
import path from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { treeFileTime } from "../cache/trees/manifest.js";
import type { OpenedTree } from "../cache/trees/opened-tree.js";
import { attempt, checkParent, outputError, Refused, temporaryBeside } from "./output.js";

/**
 * Checks that a copy of a tree can go to `dir`: that it does not exist, in a folder that may be written, or is an empty
 * folder that may be written.
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
 * Leaves a copy of a tree in `dir`, which must not exist or be an empty folder; folders and files are writable, as the umask
 * has it. Clones files where the file system can. A folder that did not exist appears whole or not at all.
 *
 * @throws KheadersError `output-failed` or `disk-full`; the signal's reason when it aborts. Nothing is left then.
 */
export async function copyTree(
  opened: Pick<OpenedTree, "tree">,
  dir: string,
  signal?: AbortSignal,
): Promise<void> {
  const target = path.resolve(dir);
  const exists = attempt(dir, () => isEmptyFolder(target));
  // Inside an existing folder: it may be where somebody works, or a mount point, and must stay the same one.
  const temporary = temporaryBeside(exists ? path.join(target, "child") : target);
  try {
    await copyFolder(opened.tree, temporary, signal);
    if (exists) moveChildren(temporary, target);
    else renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
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
  // The folder shows what the umask, or an access control list, leaves of the permissions.
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
  // A FIFO would be waited for, without an end.
  if (!child.isFile()) throw new Refused("the tree in the cache is damaged", "Run: kheaders cache verify");
  copyFileSync(from, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
  const isExecutable = (statSync(from).mode & 0o100) !== 0;
  chmodSync(to, isExecutable ? permissions : permissions & 0o666);
  // As in the tree, so that make takes no file for older than another.
  utimesSync(to, treeFileTime, treeFileTime);
}

function moveChildren(from: string, to: string): void {
  const moved: string[] = [];
  try {
    for (const name of readdirSync(from)) {
      renameSync(path.join(from, name), path.join(to, name));
      moved.push(name);
    }
    rmdirSync(from);
  } catch (error) {
    for (const name of moved) rmSync(path.join(to, name), { recursive: true, force: true });
    throw error;
  }
}
