import { randomBytes } from "node:crypto";
import {
  chmodSync,
  constants,
  copyFileSync,
  type Dirent,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import { isDiskFull } from "../cache/disk/errors.js";
import { treeFileTime } from "../cache/trees/manifest.js";
import type { OpenedTree } from "../cache/trees/opened-tree.js";

/**
 * Checks that a copy of a tree can go to `dir`: that it does not exist, or is an empty folder.
 *
 * @throws KheadersError `output-failed`.
 */
export function checkCopyTarget(dir: string): void {
  attempt("copy the tree to", dir, () => isEmptyFolder(dir));
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
  const exists = attempt("look at", dir, () => isEmptyFolder(target));
  // Inside an existing folder: it may be where somebody works, or a mount point, and must stay the same one.
  const temporary = path.join(exists ? target : path.dirname(target), temporaryName());
  try {
    await copyFolder(opened.tree, temporary, signal);
    if (exists) moveChildren(temporary, target);
    else renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    if (signal?.aborted) throw error;
    throw outputError(error, "copy the tree to", dir);
  }
}

/**
 * Leaves a copy of the compressed archive in `file`, in the place of a file that may be there; it appears at once.
 *
 * @throws KheadersError `output-failed` or `disk-full`.
 */
export function keepArchive(opened: Pick<OpenedTree, "archive">, file: string): void {
  copyFileOut(opened.archive, file, "write the archive to");
}

/**
 * Leaves a copy of a file of the cache in `file`, in the place of a file that may be there; it appears at once.
 *
 * @param doing what that is, as it completes "cannot …", for example "write the archive to".
 * @throws KheadersError `output-failed` or `disk-full`.
 */
export function copyFileOut(source: string, file: string, doing: string): void {
  attempt(doing, file, () => {
    const target = regularFileTarget(file);
    const temporary = path.join(path.dirname(target), temporaryName());
    try {
      writeFileSync(temporary, "", { flag: "wx" });
      const { mode } = statSync(temporary);
      // Gives it the source's mode.
      copyFileSync(source, temporary, constants.COPYFILE_FICLONE);
      chmodSync(temporary, mode);
      renameSync(temporary, target);
    } finally {
      rmSync(temporary, { force: true });
    }
  });
}

/**
 * Makes `link` a symbolic link to a tree, in the place of one that may be there, at once.
 *
 * @throws KheadersError `output-failed`, also where something else than a symbolic link is there.
 */
export function updateLink(link: string, tree: string): void {
  attempt("make the link", link, () => {
    const existing = lstatSync(link, { throwIfNoEntry: false });
    if (existing !== undefined && !existing.isSymbolicLink())
      throw new Taken("it exists and is no symbolic link");
    const temporary = path.join(path.dirname(path.resolve(link)), temporaryName());
    try {
      symlinkSync(tree, temporary);
      renameSync(temporary, link);
    } finally {
      rmSync(temporary, { force: true });
    }
  });
}

/** Says why a path that the user gave cannot be written, where no system call failed. */
class Taken extends Error {}

/** Whether `dir` is an empty folder; false if there is nothing. */
function isEmptyFolder(dir: string): boolean {
  if (lstatSync(dir, { throwIfNoEntry: false }) === undefined) return false;
  if (!statSync(dir).isDirectory()) throw new Taken("it exists and is no folder");
  if (readdirSync(dir).length > 0) throw new Taken("the folder is not empty");
  return true;
}

/** Where a regular file goes: the file that a link leads to, not in the place of the link. */
function regularFileTarget(file: string): string {
  if (lstatSync(file, { throwIfNoEntry: false }) === undefined) return path.resolve(file);
  if (!statSync(file).isFile()) throw new Taken("it exists and is no regular file");
  return realpathSync(file);
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

function temporaryName(): string {
  return `.kheaders-${randomBytes(8).toString("hex")}`;
}

function attempt<T>(doing: string, target: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw outputError(error, doing, target);
  }
}

function outputError(error: unknown, doing: string, target: string): KheadersError {
  const where = printable(target, 400);
  if (isDiskFull(error)) {
    return new KheadersError("disk-full", `cannot ${doing} ${where}: no space left`, {
      hint: "Free some space, or choose another place.",
      cause: error,
    });
  }
  const reason = error instanceof Error ? printable(error.message, 400) : "unknown reason";
  return new KheadersError("output-failed", `cannot ${doing} ${where}: ${reason}`, {
    hint: "Choose another place; what is there is never overwritten or merged into.",
    cause: error,
  });
}
