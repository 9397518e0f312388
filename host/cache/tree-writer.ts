import {
  chmodSync,
  closeSync,
  fchmodSync,
  futimesSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import { errnoOf, KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import type { Entry } from "../archive/entries.js";
import { diskError } from "./disk-error.js";
import { fileMode, folderMode, type Manifest, type ManifestEntry, treeFileTime } from "./manifest.js";
import { digestOf } from "./sha256.js";

/** Tries to make `target` a link to a file with this content; tells whether it is one now. */
export type LinkEqualFile = (file: Extract<ManifestEntry, { type: "file" }>, target: string) => boolean;

/** While a tree is made its folders must be writable. */
const openFolderMode = 0o755;

/**
 * Writes a tree, entry by entry, with synchronous calls: for many small files they are several times faster than
 * asynchronous ones. Every mode is independent of the umask.
 */
export class TreeWriter {
  readonly root: string;
  readonly #linkEqualFile: LinkEqualFile;
  readonly #folders = new Set<string>();
  readonly #manifest: ManifestEntry[] = [];

  /**
   * Makes the folder `root`, which must not exist.
   *
   * @param linkEqualFile Shares files with other trees.
   * @throws KheadersError `disk-full` or `cache-failed`.
   */
  constructor(root: string, linkEqualFile: LinkEqualFile) {
    this.root = root;
    this.#linkEqualFile = linkEqualFile;
    this.#attempt(root, () => makeOpenFolder(root));
  }

  /**
   * Writes an entry of an archive whose path has been checked.
   *
   * @throws KheadersError `disk-full` or `cache-failed`; `archive-refused` where its path is taken.
   */
  add(entry: Entry): void {
    const target = `${this.root}/${entry.path}`;
    if (entry.type === "folder") {
      this.#ensureFolder(entry.path);
      return;
    }
    this.#ensureFolder(parentOf(entry.path));
    if (entry.type === "link") {
      this.#attempt(entry.path, () => symlinkSync(entry.target, target));
      this.#manifest.push({ type: "link", path: entry.path, target: entry.target });
      return;
    }
    const { path, executable, content } = entry;
    const file = { type: "file", path, executable, size: content.length, sha256: digestOf(content) } as const;
    this.#attempt(path, () => {
      if (!this.#linkEqualFile(file, target)) writeFile(target, content, executable);
    });
    this.#manifest.push(file);
  }

  /**
   * Makes every folder read-only. Nothing can be added after it.
   *
   * @throws KheadersError `cache-failed`.
   */
  seal(): Manifest {
    this.#attempt(this.root, () => {
      for (const folder of this.#folders) chmodSync(`${this.root}/${folder}`, folderMode);
      chmodSync(this.root, folderMode);
    });
    return this.#manifest;
  }

  #ensureFolder(path: string): void {
    if (path === "" || this.#folders.has(path)) return;
    this.#ensureFolder(parentOf(path));
    this.#attempt(path, () => makeOpenFolder(`${this.root}/${path}`));
    this.#folders.add(path);
    this.#manifest.push({ type: "folder", path });
  }

  #attempt(path: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      if (errnoOf(error) === "EEXIST" && path !== this.root) {
        throw new KheadersError(
          "archive-refused",
          `the archive has two entries for ${printable(path)}, as this disk names files`,
          { cause: error },
        );
      }
      throw diskError(error, "write the tree", `${this.root}/${path}`);
    }
  }
}

/** Writes a new file; what is there already is never followed nor opened. */
function writeFile(file: string, content: Uint8Array, executable: boolean): void {
  const mode = fileMode(executable);
  const descriptor = openSync(file, "wx", mode);
  try {
    for (let written = 0; written < content.length; ) {
      written += writeSync(descriptor, content, written);
    }
    fchmodSync(descriptor, mode);
    futimesSync(descriptor, treeFileTime, treeFileTime);
  } finally {
    closeSync(descriptor);
  }
}

function makeOpenFolder(folder: string): void {
  mkdirSync(folder);
  chmodSync(folder, openFolderMode);
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}
