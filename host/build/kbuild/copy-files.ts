import {
  chmodSync,
  constants,
  copyFileSync,
  type Dirent,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { KheadersError } from "../../../shared/errors.js";
import { printable } from "../../../shared/printable.js";

/** What to copy, and how. */
export interface CopyOptions {
  readonly signal: AbortSignal;
  /** Whether a file is copied, and whether a folder is looked into, by its path below the folder. */
  readonly isWanted: (path: string, isFolder: boolean) => boolean;
  /** Whether links become what they lead to, or stay links. */
  readonly followsLinks: boolean;
}

/** Folders in each other. A kernel's source has 12; a link to a folder above would have no end. */
const maxDepth = 40;

/**
 * Copies the files of a folder into another one, which may have some already; those of the same name are replaced. What is
 * neither a file, a folder nor a link is left out, and so is a link that leads nowhere, if links are followed.
 *
 * @throws KheadersError `usage` for endless folders; the signal's reason; the system's errors.
 */
export async function copyFiles(from: string, to: string, options: CopyOptions): Promise<void> {
  await copyFolder(from, to, "", 0, options);
}

async function copyFolder(
  from: string,
  to: string,
  path: string,
  depth: number,
  options: CopyOptions,
): Promise<void> {
  options.signal.throwIfAborted();
  if (depth > maxDepth)
    throw new KheadersError(
      "usage",
      `${printable(from, 4096)} has more than ${maxDepth} folders in each other`,
    );
  let isMade = false;
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const name = path === "" ? entry.name : `${path}/${entry.name}`;
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    const kind = kindOf(entry, source, options.followsLinks);
    if (!options.isWanted(name, kind === "folder")) continue;
    if (kind === "folder") await copyFolder(source, target, name, depth + 1, options);
    if (kind !== "file" && kind !== "link") continue;
    if (!isMade) mkdirSync(to, { recursive: true });
    isMade = true;
    rmSync(target, { force: true, recursive: true });
    if (kind === "link") symlinkSync(readlinkSync(source), target);
    else copyFile(source, target);
  }
  await nextTurn();
}

function kindOf(entry: Dirent, path: string, followsLinks: boolean): "file" | "folder" | "link" | undefined {
  if (entry.isSymbolicLink() && !followsLinks) return "link";
  const stat = entry.isSymbolicLink() ? statSync(path, { throwIfNoEntry: false }) : entry;
  if (stat?.isDirectory()) return "folder";
  return stat?.isFile() ? "file" : undefined;
}

/** A writable copy. Clones it if the file system can. */
export function copyFile(from: string, to: string): void {
  copyFileSync(from, to, constants.COPYFILE_FICLONE);
  chmodSync(to, (statSync(from).mode & 0o777) | 0o600);
}
