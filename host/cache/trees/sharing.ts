import { linkSync, lstatSync } from "node:fs";
import { errnoOf } from "../../../shared/errors.js";
import type { Digest } from "../../../shared/identity.js";
import { isMissing, isNotWritable } from "../disk/errors.js";
import { lastUseOf } from "../disk/last-use.js";
import { allEntries } from "../kernels/entries.js";
import type { Store } from "../store.js";
import { fileMode, readManifest, treeFileTime } from "./manifest.js";
import { readTreeRecord } from "./record.js";
import { isSound } from "./state.js";

/**
 * How many manifests are read for one new tree. Each costs a few milliseconds, and the first few have nearly
 * everything.
 */
const maxTrees = 3;

/**
 * The files that a new tree may share: those of the trees of its series (6.1 of 6.1.57-android14), the last
 * used trees first. Only trees that are known to be whole on the disk, or were written in this boot, are
 * used. A manifest is read only if no file of the ones before it fits, so that reading overlaps with decoding
 * an archive.
 */
export class SharedFiles {
  readonly #store: Store;
  readonly #release: string;
  readonly #files = new Map<string, string>();
  #unread: Digest[] | undefined;

  constructor(store: Store, release: string) {
    this.#store = store;
    this.#release = release;
  }

  /**
   * The path of a file with that content and executable bit, as far as its manifest says.
   *
   * @throws KheadersError `cache-failed` if the disk cannot be read.
   */
  find(sha256: Digest, executable: boolean): string | undefined {
    const key = keyOf(sha256, executable);
    this.#unread ??= treesOfSeries(this.#store, seriesOf(this.#release));
    for (;;) {
      const file = this.#files.get(key);
      const next = file === undefined ? this.#unread.shift() : undefined;
      if (next === undefined) return file;
      this.#read(next);
    }
  }

  #read(digest: Digest): void {
    const { paths } = this.#store;
    const record = readTreeRecord(paths, digest);
    const manifest = record && isSound(this.#store, record) ? readManifest(paths, record) : undefined;
    const tree = paths.tree(digest);
    for (const entry of manifest ?? []) {
      if (entry.type !== "file") continue;
      const key = keyOf(entry.sha256, entry.executable);
      if (!this.#files.has(key)) this.#files.set(key, `${tree}/${entry.path}`);
    }
  }
}

/** The series of a release, for example 6.1; a release of another form is its own series. */
export function seriesOf(release: string): string {
  return /^\d+\.\d+/.exec(release)?.[0] ?? release;
}

/**
 * Makes `target` a hard link to `source`, if that is unchanged.
 *
 * @returns Whether it was made; if not, nothing is at `target`.
 * @throws the system's error if `target` cannot be made for a reason other than the source or the link.
 */
export function linkIfUnchanged(source: string, target: string, size: number, executable: boolean): boolean {
  if (!isUnchanged(source, size, executable)) return false;
  try {
    linkSync(source, target);
    return true;
  } catch (error) {
    if (isMissing(error) || isNotWritable(error) || cannotLink.has(errnoOf(error) ?? "")) return false;
    throw error;
  }
}

/** Whether a file is still as the manifest of its tree says, by size, time, mode and owner. */
export function isUnchanged(file: string, size: number, executable: boolean): boolean {
  const stat = lstatSync(file, { throwIfNoEntry: false });
  return (
    stat?.isFile() === true &&
    stat.size === size &&
    stat.mtimeMs === treeFileTime * 1000 &&
    (stat.mode & 0o7777) === fileMode(executable) &&
    stat.uid === process.geteuid?.()
  );
}

/** Another file system, too many links to one file, no links on this file system. */
const cannotLink = new Set(["EXDEV", "EMLINK", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"]);

function treesOfSeries(store: Store, series: string): Digest[] {
  const ofSeries = allEntries(store.paths).filter((entry) => seriesOf(entry.kernel.release) === series);
  const digests = [...new Set(ofSeries.map((entry) => entry.digest))];
  return digests
    .map((digest) => ({ digest, lastUse: lastUseOf(store.paths, digest) }))
    .sort((one, other) => other.lastUse - one.lastUse)
    .slice(0, maxTrees)
    .map(({ digest }) => digest);
}

function keyOf(sha256: Digest, executable: boolean): string {
  return executable ? `${sha256}x` : sha256;
}
