import {
  type Change,
  changeOf,
  countChanges,
  type FileChange,
  type FolderChanges,
  type HeadersDiff,
} from "./kernel-diff.js";

/** The files and links of a tree by path, and what tells whether two are the same: a digest, or where a link leads. */
export type FileIds = ReadonlyMap<string, string>;

/** Compares the files of two trees. Folders, and whether a file can be run, do not count. */
export function diffFiles(old: FileIds, now: FileIds): HeadersDiff {
  const paths: Record<Change, string[]> = { added: [], removed: [], changed: [] };
  let same = 0;
  for (const [path, id] of old) {
    const other = now.get(path);
    if (other === id) same += 1;
    else paths[changeOf(id, other)].push(path);
  }
  for (const path of now.keys()) if (!old.has(path)) paths.added.push(path);
  return headersDiff({ ...paths, same });
}

/** The files that differ, from their paths. */
export function headersDiff({ same, ...paths }: FilePaths): HeadersDiff {
  const files = (["added", "removed", "changed"] as const).flatMap((change) =>
    paths[change].map((path): FileChange => ({ path, change })),
  );
  files.sort((one, other) => (one.path < other.path ? -1 : 1));
  return { files, same };
}

/** The paths of the files that differ, and how many are the same. */
type FilePaths = Readonly<Record<Change, readonly string[]>> & Pick<HeadersDiff, "same">;

/** Counts the files that differ by the folder that they lie in, sorted by its path. */
export function foldersOf(files: readonly FileChange[]): FolderChanges[] {
  const changes = new Map<string, Change[]>();
  for (const { path, change } of files) {
    const folder = path.slice(0, Math.max(0, path.lastIndexOf("/")));
    const known = changes.get(folder);
    if (known === undefined) changes.set(folder, [change]);
    else known.push(change);
  }
  const folders = Array.from(changes, ([folder, found]) => ({ folder, ...countChanges(found) }));
  return folders.sort((one, other) => (one.folder < other.folder ? -1 : 1));
}
