import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Debian's and most others' `nobody`. */
const nobody = 65_534;
const itself = fileURLToPath(import.meta.url);

/**
 * Makes this test process, and all that it starts, an ordinary user for good where the tests run as root: the file
 * permissions that the cache relies on mean nothing to root. To be called at the top of a test file; vitest gives each
 * file a process of its own.
 *
 * @returns whether it is one now. It stays root, and says so, where nobody else can run node or read the repository.
 */
export function becomeOrdinaryUser(): boolean {
  if (process.getuid?.() !== 0) return true;
  if (!process.setgroups || !process.setgid || !process.setuid) {
    throw new Error("cannot become an ordinary user in a worker thread: run vitest with --pool=forks");
  }
  const look = `require("node:fs").accessSync(${JSON.stringify(itself)})`;
  if (
    spawnSync(process.execPath, ["-e", look], { uid: nobody, gid: nobody, cwd: "/", env: {} }).status !== 0
  ) {
    console.log("runs as root: an ordinary user can run no node, or not read the repository");
    return false;
  }
  process.setgroups([]);
  process.setgid(nobody);
  process.setuid(nobody);
  return true;
}
