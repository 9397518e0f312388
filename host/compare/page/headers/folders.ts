import { type ChangeCounts, countChanges, type FileChange } from "../../diff/kernel-diff.js";

/** A folder of header files that differ. */
export interface Folder {
  /** Relative to the one that it is in; several names if those between hold nothing else: `arch/x86`. */
  readonly name: string;
  readonly folders: readonly Folder[];
  readonly files: readonly FileChange[];
  /** Of all files below it. */
  readonly counts: ChangeCounts;
}

/** Folders below each other, at most: deeper ones are shown in the one at the limit, with the rest of their path. */
const maxDepth = 24;

/** Puts files that are sorted by path into folders. */
export function foldersOf(files: readonly FileChange[]): Folder {
  return folderOf("", "", files, 0);
}

/** @param prefix Path of the folder with a `/` at its end; empty for the tree itself. */
function folderOf(name: string, prefix: string, all: readonly FileChange[], depth: number): Folder {
  const files: FileChange[] = [];
  const below = new Map<string, FileChange[]>();
  for (const file of all) {
    const end = depth < maxDepth ? file.path.indexOf("/", prefix.length) : -1;
    const first = file.path.slice(prefix.length, end);
    const known = below.get(first);
    if (end < 0) files.push(file);
    else if (known === undefined) below.set(first, [file]);
    else known.push(file);
  }
  const [only] = below.entries();
  if (only !== undefined && below.size === 1 && files.length === 0 && prefix !== "") {
    const [inner, itsFiles] = only;
    return folderOf(`${name}/${inner}`, `${prefix}${inner}/`, itsFiles, depth + 1);
  }
  const folders = [...below].map(([inner, itsFiles]) =>
    folderOf(inner, `${prefix}${inner}/`, itsFiles, depth + 1),
  );
  return { name, folders, files, counts: countChanges(all.map(({ change }) => change)) };
}
