import { closeSync, openSync, rmSync, statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { errnoOf } from "../../../shared/errors.js";

/** Milliseconds after which a lock is of a dead process: what is done under it takes a few. */
const staleAfter = 15_000;
const pollEvery = 20;

/**
 * Does something that only one process may do in a folder that several hosts share: a file that only one of them can make is
 * the one lock that works on every network file system. It saves what another host writes at the same moment; that what is
 * read is right rests on the digests.
 *
 * Throws the system's error, or the signal's reason.
 */
export async function withFolderLock<T>(
  lock: string,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  for (;;) {
    signal.throwIfAborted();
    try {
      closeSync(openSync(lock, "wx", 0o644));
      break;
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error;
    }
    if (ageOf(lock) > staleAfter) rmSync(lock, { force: true });
    else await sleep(pollEvery);
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** Milliseconds since a file was written, by the clock of this machine; 0 if it is gone. */
export function ageOf(file: string): number {
  try {
    return Date.now() - statSync(file).mtimeMs;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return 0;
    throw error;
  }
}
