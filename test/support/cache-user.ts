/** Debian's and most others' `nobody`. */
const nobody = 65_534;

/**
 * Makes this test process, and all that it starts, an ordinary user for good where the tests run as root: the file
 * permissions that the cache relies on mean nothing to root. To be called at the top of a test file; vitest gives each
 * file a process of its own.
 */
export function becomeOrdinaryUser(): void {
  if (process.getuid?.() !== 0) return;
  if (!process.setgroups || !process.setgid || !process.setuid) {
    throw new Error("cannot become an ordinary user in a worker thread: run vitest with --pool=forks");
  }
  process.setgroups([]);
  process.setgid(nobody);
  process.setuid(nobody);
}
