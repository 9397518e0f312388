import { type Dirent, lstatSync, readdirSync, readlinkSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { reasonOf } from "../../../shared/errors.js";
import { printable } from "../../../shared/printable.js";
import { readIfThere } from "../disk/read-file.js";
import { digestOf } from "../disk/sha256.js";
import { fileMode, folderMode, type Manifest, type ManifestEntry, type ManifestFile } from "./manifest.js";

/** Files after which to yield to the event loop. */
const filesPerTurn = 64;

/**
 * Compares a tree with its manifest: names, types, modes, content and link targets, nothing missing and
 * nothing added. Reads every byte; a tree of 6,000 files takes about 150 ms.
 *
 * @param keepsModes Whether the disk keeps permissions; if not, modes are not compared.
 * @returns The problems, one line each, fit for a terminal; empty if the tree is whole.
 * @throws the signal's reason when it aborts.
 */
export async function damageOfTree(
  root: string,
  manifest: Manifest,
  keepsModes: boolean,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const damage: string[] = [];
  const found = namesBelow(root, keepsModes, damage);
  let done = 0;
  for (const entry of manifest) {
    signal?.throwIfAborted();
    if (found.delete(entry.path)) {
      const problem = damageOfEntry(`${root}/${entry.path}`, entry, keepsModes);
      if (problem !== undefined) damage.push(`${printable(entry.path)} ${problem}`);
    } else {
      damage.push(`${printable(entry.path)} is missing`);
    }
    done += 1;
    if (done % filesPerTurn === 0) await nextTurn();
  }
  for (const path of found) damage.push(`${printable(path)} does not belong in the tree`);
  return damage;
}

/** What is wrong with one file, folder or link that exists, or undefined. */
function damageOfEntry(file: string, entry: ManifestEntry, keepsModes: boolean): string | undefined {
  try {
    const stat = lstatSync(file);
    const hasMode = (mode: number) => !keepsModes || (stat.mode & 0o7777) === mode;
    switch (entry.type) {
      case "folder":
        if (!stat.isDirectory()) return "is not a folder";
        return hasMode(folderMode) ? undefined : "has a different mode";
      case "link":
        if (!stat.isSymbolicLink()) return "is not a link";
        return readlinkSync(file) === entry.target ? undefined : "has a different target";
      case "file":
        if (!stat.isFile()) return "is not a file";
        if (!hasMode(fileMode(entry.executable))) return "has a different mode";
        if (stat.size !== entry.size) return "has a different size";
        return hasContent(file, entry) ? undefined : "has different content";
    }
  } catch (error) {
    return `cannot be read: ${reasonOf(error)}`;
  }
}

function hasContent(file: string, { size, sha256 }: ManifestFile): boolean {
  const content = readIfThere(file, size);
  return content !== undefined && digestOf(content) === sha256;
}

/** The paths of all that lies below a folder. Adds to `damage` what cannot be listed. */
function namesBelow(root: string, keepsModes: boolean, damage: string[]): Set<string> {
  const names = new Set<string>();
  const visit = (folder: string, prefix: string) => {
    for (const child of list(folder, prefix, damage)) {
      const path = `${prefix}${child.name}`;
      names.add(path);
      if (child.isDirectory()) visit(`${folder}/${child.name}`, `${path}/`);
    }
  };
  visit(root, "");
  const rootStat = lstatSync(root, { throwIfNoEntry: false });
  if (keepsModes && rootStat !== undefined && (rootStat.mode & 0o7777) !== folderMode)
    damage.push("the tree's folder has a different mode");
  return names;
}

function list(folder: string, path: string, damage: string[]): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    damage.push(`${printable(path) || "the tree's folder"} cannot be listed: ${reasonOf(error)}`);
    return [];
  }
}
