import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join, relative } from "node:path";
import { KheadersError } from "../../../shared/errors.js";
import { printable } from "../../../shared/printable.js";
import { type Cache, digestOf } from "../../cache/index.js";
import type { LocatedTree } from "../../pull/tree/locate.js";
import type { FileIds } from "./headers.js";

/** The files of a kernel's whole source are fewer. */
const maxFiles = 200_000;

/**
 * The files of a tree: of a cached one as its manifest has them, of a folder as they are.
 *
 * @throws KheadersError `usage` for a folder with more files than a kernel has; `cache-failed`.
 */
export async function fileIdsOf({ digest, tree }: LocatedTree, cache: Cache): Promise<FileIds> {
  const manifest = digest && (await cache.manifest(digest));
  if (manifest === undefined) return readFileIds(tree);
  const ids = new Map<string, string>();
  for (const entry of manifest) {
    if (entry.type === "file") ids.set(entry.path, entry.sha256);
    else if (entry.type === "link") ids.set(entry.path, linkId(entry.target));
  }
  return ids;
}

/** Reads every file of a folder. */
function readFileIds(folder: string): FileIds {
  const ids = new Map<string, string>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (entry.isSymbolicLink()) ids.set(relative(folder, file), linkId(readlinkSync(file)));
    else if (entry.isFile()) ids.set(relative(folder, file), digestOf(readFileSync(file)));
    if (ids.size > maxFiles)
      throw new KheadersError("usage", `${printable(folder, 4096)} has more files than a kernel has headers`);
  }
  return ids;
}

function linkId(target: string): string {
  return `to ${target}`;
}
