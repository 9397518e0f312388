import { changeOf, type FileChange, type HeadersDiff } from "./kernel-diff.js";

/** The files and links of a tree by path, and what tells whether two are the same: a digest, or where a link leads. */
export type FileIds = ReadonlyMap<string, string>;

/** Compares the files of two trees. Folders, and whether a file can be run, do not count. */
export function diffFiles(old: FileIds, now: FileIds): HeadersDiff {
  const files: FileChange[] = [];
  let same = 0;
  for (const [path, id] of old) {
    const other = now.get(path);
    if (other === id) same += 1;
    else files.push({ path, change: changeOf(id, other) });
  }
  for (const path of now.keys()) if (!old.has(path)) files.push({ path, change: "added" });
  files.sort((one, other) => (one.path < other.path ? -1 : 1));
  return { files, same };
}
