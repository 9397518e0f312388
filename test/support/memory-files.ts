import { chmodSync, mkdtempSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { removeIfAllowed, removeTree } from "../../host/cache/disk/remove-tree.js";
import { isAlive } from "../lab/cached.js";
import { findTmpfs } from "./tmpfs.js";

/** Many times what the unit tests leave there until they end. */
const minFree = 2 * 1024 ** 3;

/** The folder of a run; its process id follows. */
const prefix = "kheaders-unit-";
const ofRun = new RegExp(`^${prefix}(\\d+)-`);

/**
 * A set-up of vitest: the tests' temporary files lie in memory where there is room, for they make tens of thousands, and a
 * disk may take longer for them than all else. What a run left that was ended in the middle is removed by the next.
 */
export default async function useMemory(): Promise<(() => Promise<void>) | undefined> {
  const tmpfs = findTmpfs(minFree);
  if (tmpfs === undefined) return undefined;
  await removeLeftovers(tmpfs);
  const folder = mkdtempSync(join(tmpfs, `${prefix}${process.pid}-`));
  // Some tests are another user meanwhile.
  chmodSync(folder, 0o1777);
  const before = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  return async () => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    await removeTree(folder);
  };
}

async function removeLeftovers(tmpfs: string): Promise<void> {
  for (const name of readdirSync(tmpfs)) {
    const pid = ofRun.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) await removeIfAllowed(join(tmpfs, name));
  }
}
