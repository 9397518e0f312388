import { existsSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";

/** `f_type` of statfs(2) for a tmpfs (linux/magic.h). */
const tmpfsMagic = 0x01021994;

/** A tmpfs of this machine with so many bytes free; undefined if it has none. */
export function findTmpfs(minFree: number): string | undefined {
  return ["/dev/shm", tmpdir()].find((path) => isTmpfs(path) && hasFree(path, minFree));
}

/** Whether a path is on a tmpfs; it may not exist on this machine. */
export function isTmpfs(path: string): boolean {
  return existsSync(path) && statfsSync(path).type === tmpfsMagic;
}

function hasFree(path: string, bytes: number): boolean {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize >= bytes;
}
