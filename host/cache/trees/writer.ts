import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  futimesSync,
  mkdirSync,
  openSync,
  statSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import { errnoOf, KheadersError } from "../../../shared/errors.js";
import { printable } from "../../../shared/printable.js";
import type { Member } from "../../archive/reader.js";
import { enterFolder } from "../disk/enter-folder.js";
import { diskError } from "../disk/errors.js";
import {
  fileMode,
  folderMode,
  type Manifest,
  type ManifestEntry,
  type ManifestFile,
  manifestEntryOf,
  treeFileTime,
} from "./manifest.js";

/** Tries to make `target` a link to a file with this content; returns whether it did. */
export type LinkEqualFile = (file: ManifestFile, target: string) => boolean;

/** What is there already is neither followed nor opened. */
const newFile = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;

/** While a tree is made its folders must be writable. */
const openFolderMode = 0o755;

/**
 * Writes a tree, member by member, with synchronous calls: for many small files they are several times faster
 * than asynchronous ones. Every mode is independent of the umask.
 */
export class TreeWriter {
  readonly root: string;
  readonly #linkEqualFile: LinkEqualFile;
  readonly #manifest: ManifestEntry[] = [];
  /** Modes that the umask was seen to leave as they are. */
  readonly #modesKept = new Set<number>();
  #keepsModes = true;

  /**
   * Makes the folder `root`, which must not exist.
   *
   * @param linkEqualFile Shares files with other trees.
   * @throws KheadersError `disk-full` or `cache-failed`.
   */
  constructor(root: string, linkEqualFile: LinkEqualFile) {
    this.root = root;
    this.#linkEqualFile = linkEqualFile;
    this.#attempt(root, () => this.#makeFolder(root));
  }

  /** Whether the disk keeps permissions; known once the tree is sealed. FAT and some network disks do not. */
  get keepsModes(): boolean {
    return this.#keepsModes;
  }

  /**
   * Writes a member of an archive. Its path has been checked, and its folder has been added before.
   *
   * @throws KheadersError `disk-full` or `cache-failed`; `archive-refused` if its path is taken.
   */
  add(entry: Member): void {
    const made = manifestEntryOf(entry);
    try {
      this.#make(entry, made, `${this.root}/${entry.path}`);
    } catch (error) {
      throw this.#explained(error, entry.path);
    }
    this.#manifest.push(made);
  }

  /**
   * Makes every folder read-only. Nothing can be added afterwards.
   *
   * @throws KheadersError `cache-failed`.
   */
  seal(): Manifest {
    this.#attempt(this.root, () => {
      const root = enterFolder(this.root);
      if (root === undefined) throw Object.assign(new Error("the folder was removed"), { code: "ENOENT" });
      try {
        for (const { type, path } of this.#manifest) {
          if (type === "folder") chmodSync(`${root.inside}/${path}`, folderMode);
        }
        chmodSync(root.inside, folderMode);
        this.#keepsModes &&= (statSync(root.inside).mode & 0o7777) === folderMode;
      } finally {
        root.leave();
      }
    });
    return this.#manifest;
  }

  #make(entry: Member, made: ManifestEntry, target: string): void {
    if (entry.type === "folder") this.#makeFolder(target);
    else if (entry.type === "link") symlinkSync(entry.target, target);
    else if (made.type === "file" && !this.#linkEqualFile(made, target)) {
      this.#writeFile(target, entry.content, fileMode(entry.executable));
    }
  }

  /** Makes a folder that we can write into. */
  #makeFolder(folder: string): void {
    mkdirSync(folder, openFolderMode);
    if (this.#modesKept.has(openFolderMode)) return;
    if ((statSync(folder).mode & 0o7777) === openFolderMode) this.#modesKept.add(openFolderMode);
    else chmodSync(folder, openFolderMode);
  }

  /** Writes a new file. */
  #writeFile(file: string, content: Uint8Array, mode: number): void {
    const descriptor = openSync(file, newFile, mode);
    try {
      for (let written = 0; written < content.length; ) {
        written += writeSync(descriptor, content, written);
      }
      this.#ensureMode(descriptor, mode);
      futimesSync(descriptor, treeFileTime, treeFileTime);
    } finally {
      closeSync(descriptor);
    }
  }

  /**
   * Nearly every umask leaves our modes as they are. If so, we look once, and not for each of thousands of
   * files.
   */
  #ensureMode(descriptor: number, mode: number): void {
    if (this.#modesKept.has(mode)) return;
    if ((fstatSync(descriptor).mode & 0o7777) === mode) {
      this.#modesKept.add(mode);
      return;
    }
    fchmodSync(descriptor, mode);
    this.#keepsModes &&= (fstatSync(descriptor).mode & 0o7777) === mode;
  }

  #attempt(path: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      throw this.#explained(error, path);
    }
  }

  /** The error for what the user sees. `path` is relative to the root, or the root itself. */
  #explained(error: unknown, path: string): KheadersError {
    if (errnoOf(error) === "EEXIST" && path !== this.root) {
      return new KheadersError(
        "archive-refused",
        `the archive has two members that are one file on this disk: ${printable(path)}`,
        { cause: error },
      );
    }
    const what = path === this.root ? "the tree" : `${printable(path)} of the tree`;
    return diskError(error, `write ${what}`, this.root);
  }
}
