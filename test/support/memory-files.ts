import { chmodSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { removeTree } from "../../host/cache/disk/remove-tree.js";
import { findTmpfs } from "./tmpfs.js";

/** Many times what the unit tests leave there until they end. */
const minFree = 2 * 1024 ** 3;

/**
 * A set-up of vitest: the tests' temporary files lie in memory where there is room, for they make tens of thousands, and a
 * disk may take longer for them than all else.
 */
export default function useMemory(): (() => Promise<void>) | undefined {
  const tmpfs = findTmpfs(minFree);
  if (tmpfs === undefined) return undefined;
  const folder = mkdtempSync(join(tmpfs, "kheaders-unit-"));
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
