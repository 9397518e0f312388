import { mkdirSync } from "node:fs";
import path from "node:path";
import { overFileLimit } from "../../formats/errors.js";
import { importLimits } from "../limits.js";
import { type ExtractOptions, extractWith, listWith, type Opener, withFirstInstalled } from "./extract.js";
import { sevenZip } from "./zip.js";

const debugfs: Opener = { program: "debugfs", package: "e2fsprogs" };

/** Where the magic of ext2, ext3 and ext4 lies: in the superblock, which begins at 1024 (Linux fs/ext4/ext4.h). */
const magicAt = 1024 + 0x38;
const magic = 0xef53;
const rootNode = "2";

/** A file or folder in an image. */
interface Node {
  readonly node: string;
  readonly kind: "file" | "folder";
  readonly name: string;
  readonly size: number;
}

/** Whether a file is an ext2, ext3 or ext4 image. */
export function isExt4(head: Uint8Array): boolean {
  return head.length >= magicAt + 2 && Buffer.from(head).readUInt16LE(magicAt) === magic;
}

/** Unpacks the regular files of an ext4 image. */
export function extractExt4(file: string, folder: string, options: ExtractOptions): Promise<void> {
  return withFirstInstalled([debugfs, sevenZip], (opener) => {
    if (opener === debugfs) return dumpFiles(file, folder, options);
    return extractWith(opener, ["x", "-y", "-bd", "-text", `-o${folder}`, file], folder, options);
  });
}

/**
 * Takes files out by their numbers, to paths that we choose: `rdump` would follow a slash in a name. All folders of one
 * depth are listed by one run.
 */
async function dumpFiles(file: string, target: string, options: ExtractOptions): Promise<void> {
  const commands: string[] = [];
  const seen = new Set([rootNode]);
  let bytes = 0;
  let folders = [{ node: rootNode, target }];
  for (let depth = 0; folders.length > 0 && depth < importLimits.folders; depth += 1) {
    const next: typeof folders = [];
    const listed = await listFolders(file, folders, options);
    for (const [index, nodes] of listed.entries()) {
      for (const { node, kind, name, size } of nodes) {
        if (seen.has(node)) continue;
        seen.add(node);
        if (seen.size > importLimits.members)
          throw overFileLimit("what is in it", importLimits.members, "files");
        const place = path.join(folders[index]?.target ?? target, name);
        if (kind === "folder") {
          mkdirSync(place, { recursive: true });
          next.push({ node, target: place });
          continue;
        }
        bytes += size;
        if (bytes > importLimits.extractedBytes)
          throw overFileLimit("what is in it", importLimits.extractedBytes, "bytes");
        commands.push(`dump <${node}> ${quoted(place)}`);
      }
    }
    folders = next;
  }
  await extractWith(debugfs, ["-f", "-", file], target, { ...options, input: `${commands.join("\n")}\n` });
}

async function listFolders(
  file: string,
  folders: readonly { readonly node: string }[],
  options: ExtractOptions,
): Promise<Node[][]> {
  const input = folders.map(({ node }) => `ls -p <${node}>\n`).join("");
  const output = await listWith(debugfs, ["-f", "-", file], { ...options, input });
  return nodesIn(output);
}

/**
 * The regular files and folders in what `debugfs` lists, by the folder that it was asked for. Names that cannot be a file's
 * are left out: no file of a kernel has one.
 */
export function nodesIn(output: string): Node[][] {
  const [, ...lists] = output.split(/^debugfs: ls -p <\d+>$/m);
  return lists.map((list) =>
    list.split("\n").flatMap((line): Node[] => {
      const [, node = "", mode = "", name = "", size] =
        /^\/(\d+)\/(\d{6})\/\d+\/\d+\/(.+)\/(\d*)\/$/.exec(line) ?? [];
      const kind = mode.startsWith("10") ? "file" : mode.startsWith("04") ? "folder" : undefined;
      if (kind === undefined || node === "0" || !/^(?!\.{1,2}$)[^/\p{Cc}]{1,255}$/u.test(name)) return [];
      return [{ node, kind, name, size: Number(size) }];
    }),
  );
}

/** A word of a command of `debugfs` (libss): a quotation mark in it is doubled. */
function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
