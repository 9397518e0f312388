import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { onTestFinished } from "vitest";
import type { Member } from "../../host/archive/reader.js";
import { removeTree } from "../../host/cache/disk/remove-tree.js";
import { type Cache, type CacheOptions, openCache } from "../../host/cache/index.js";
import type { SentArchive } from "./cache-kernels.js";
import { file, folder, link, tar } from "./tar-builder.js";
import { xz } from "./xz.js";

/** A folder of the test's own, removed when it has finished. */
export function temporaryFolder(): string {
  const made = mkdtempSync(path.join(os.tmpdir(), "kheaders-cache-"));
  onTestFinished(async () => void (await removeTree(made)));
  return made;
}

/** A cache of the test's own, in a folder that does not exist yet. */
export function temporaryCache(options: Partial<CacheOptions> = {}): Cache {
  return openCache({ dir: path.join(temporaryFolder(), "cache"), tool: "1.2.3", ...options });
}

/** An archive's tree: content by path, a link's target after `->`, and `*` at the end of an executable's path. */
export type Contents = Readonly<Record<string, string>>;

/** What every archive made here has. */
const commonContents: Contents = {
  "include/linux/sched.h": "struct task_struct { int pid; };\n",
  "include/linux/empty.h": "",
  "include/linux/list.h": "struct list_head { struct list_head *next, *prev; };\n".repeat(20),
  "scripts/build.sh*": "#!/bin/sh\n",
  "arch/arm64/include/asm/link.h": "-> ../../../../include/linux/list.h",
};

const made = new Map<string, SentArchive>();

/** An archive with the common contents and `contents`. */
export function archiveOf(contents: Contents = {}): SentArchive {
  const key = JSON.stringify(contents);
  const known = made.get(key);
  if (known !== undefined) return known;
  const entries = entriesOf({ ...commonContents, ...contents });
  const archive = { entries, bytes: xz(tar(...entries.map(memberOf))) };
  made.set(key, archive);
  return archive;
}

function entriesOf(contents: Contents): Member[] {
  const folders = new Set(Object.keys(contents).flatMap(foldersAbove));
  const files = Object.entries(contents).map(([name, text]): Member => {
    if (text.startsWith("-> ")) return { type: "link", path: name, target: text.slice(3) };
    const executable = name.endsWith("*");
    return { type: "file", path: name.replace(/\*$/, ""), executable, content: Buffer.from(text) };
  });
  return [...[...folders].map((path): Member => ({ type: "folder", path })), ...files];
}

function memberOf(entry: Member): Buffer {
  switch (entry.type) {
    case "folder":
      return folder(`${entry.path}/`);
    case "link":
      return link(entry.path, entry.target);
    case "file":
      return file(entry.path, entry.content, entry.executable ? 0o755 : 0o644);
  }
}

/** What lies in a folder, one line each in the order of the names: type, mode, path, and content or target. */
export function listTree(root: string): string[] {
  const lines: string[] = [];
  const visit = (relative: string) => {
    for (const name of readdirSync(path.join(root, relative)).sort()) {
      const below = path.join(relative, name);
      const full = path.join(root, below);
      const stat = lstatSync(full);
      const mode = (stat.mode & 0o7777).toString(8);
      if (stat.isSymbolicLink()) lines.push(`link ${below} -> ${readlinkSync(full)}`);
      else if (stat.isDirectory()) {
        lines.push(`folder ${mode} ${below}`);
        visit(below);
      } else lines.push(`file ${mode} ${below}: ${readFileSync(full, "utf8")}`);
    }
  };
  visit("");
  return lines;
}

/** The lines that {@link listTree} gives for the tree of `archiveOf(contents)`. */
export function treeOf(contents: Contents = {}): string[] {
  return entriesOf({ ...commonContents, ...contents })
    .toSorted((one, other) => compareNames(one.path.split("/"), other.path.split("/")))
    .map((entry) => {
      if (entry.type === "folder") return `folder 555 ${entry.path}`;
      if (entry.type === "link") return `link ${entry.path} -> ${entry.target}`;
      return `file ${entry.executable ? "555" : "444"} ${entry.path}: ${entry.content}`;
    });
}

/** Temporary names anywhere in a cache. */
export function leftoversIn(dir: string): string[] {
  return ["", "archives", "trees", "extras", "entries", "boots", "serials", "leases"]
    .filter((name) => existsSync(path.join(dir, name)))
    .flatMap((name) => readdirSync(path.join(dir, name)).map((child) => path.join(name, child)))
    .filter((name) => path.basename(name).startsWith(".tmp-") || name.startsWith("leases/"));
}

function foldersAbove(name: string): string[] {
  const parts = name.split("/").slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}

function compareNames(one: readonly string[], other: readonly string[]): number {
  for (let index = 0; ; index += 1) {
    const [left, right] = [one[index], other[index]];
    if (left === undefined || right === undefined) return one.length - other.length;
    if (left !== right) return left < right ? -1 : 1;
  }
}
