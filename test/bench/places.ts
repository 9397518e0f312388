import { mkdirSync, mkdtempSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../lab/command.js";
import { findTmpfs, isTmpfs } from "../support/tmpfs.js";

/** What the runs of one case leave there. */
const minFree = 4 * 1024 ** 3;

/** Where the files of a run lie. */
export interface Place {
  readonly name: "tmpfs" | "disk";
  /** Makes an empty folder. */
  folder(): string;
  /**
   * Removes the folders, where the next run is not slower for it: on a disk it is, where thousands of files were deleted
   * just before, so there they stay until `remove`.
   */
  clear(): Promise<void>;
  remove(): Promise<void>;
}

/** A tmpfs and a disk of this machine, or that of them which it has. */
export function findPlaces(): Place[] {
  const tmpfs = findTmpfs(minFree);
  const disk = [tmpdir(), "/var/tmp", homedir()].find((path) => !isTmpfs(path));
  return [
    ...(tmpfs === undefined ? [] : [placeAt("tmpfs", tmpfs)]),
    ...(disk === undefined ? [] : [placeAt("disk", disk)]),
  ];
}

function placeAt(name: Place["name"], parent: string): Place {
  const root = mkdtempSync(join(parent, "kheaders-bench-"));
  let folders = 0;
  return {
    name,
    folder() {
      folders += 1;
      const path = join(root, String(folders));
      mkdirSync(path);
      return path;
    },
    async clear() {
      if (name === "disk") return;
      await removeAll(root);
      mkdirSync(root);
    },
    remove: () => removeAll(root),
  };
}

/** Cached trees are read-only, folders included. */
async function removeAll(root: string): Promise<void> {
  await run("sh", ["-c", 'chmod -R u+rwX "$1" && rm -r "$1"', "bench", root]);
}
