import { damaged, overFileLimit, refusedFile } from "../../formats/errors.js";
import { type ExtractOptions, extractWith, listWith, type Opener, withFirstInstalled } from "./extract.js";

const fsck: Opener = { program: "fsck.erofs", package: "erofs-utils" };
const dump: Opener = { program: "dump.erofs", package: "erofs-utils" };

/** Where the superblock of EROFS and its magic lie (Linux fs/erofs/erofs_fs.h). */
const magicAt = 1024;
const magic = 0xe0f5e1e2;
/** A partition of modules has some fifty folders; each takes a run of a program to list. */
const maxFolders = 4_000;
const folderType = "2";

/** Whether a file is an EROFS image. */
export function isErofs(head: Uint8Array): boolean {
  return head.length >= magicAt + 4 && Buffer.from(head).readUInt32LE(magicAt) === magic;
}

/** Unpacks an EROFS image. */
export function extractErofs(file: string, folder: string, options: ExtractOptions): Promise<void> {
  return withFirstInstalled([fsck], async () => {
    await checkNames(file, options);
    const args = [`--extract=${folder}`, "--overwrite", "--no-preserve", file];
    await extractWith(fsck, args, folder, options);
  });
}

/**
 * Looks at every name in an image: `fsck.erofs` would follow a slash in one out of the folder (erofs-utils, fsck/main.c,
 * erofsfsck_dirent_iter).
 */
async function checkNames(file: string, options: ExtractOptions): Promise<void> {
  const seen = new Set<string>();
  const pending = ["--path=/"];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const listing = await listWith(dump, ["--ls", next, file], options);
    for (const { node, type, name } of namesIn(listing)) {
      if (name.includes("/")) throw refusedFile("a name in it holds a slash");
      if (type !== folderType || seen.has(node)) continue;
      seen.add(node);
      if (seen.size > maxFolders) throw overFileLimit("what is in it", maxFolders, "folders");
      if (name !== "." && name !== "..") pending.push(`--nid=${node}`);
    }
  }
}

/** The lines of a listing. A name with a line break makes a line of another form, which is refused. */
export function namesIn(listing: string): { node: string; type: string; name: string }[] {
  const [, lines] = listing.split(/^ +NID +TYPE +FILENAME\n/m);
  if (lines === undefined) throw damaged("dump.erofs does not list what is in it");
  return lines
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [, node = "", type = "", name] = /^ *(\d+) +(\d+) {2}(.*)$/.exec(line) ?? [];
      if (name === undefined) throw refusedFile("a name in it holds a line break");
      return { node, type, name };
    });
}
