import { constants } from "node:os";
import { errnoOf } from "../../shared/errors.js";

/** How long a process may take to end once it is told to, in milliseconds. */
export const endingMilliseconds = 5_000;

/** The status of a process that ended, as a shell tells it: for one that a signal ended, 128 and the signal's number. */
export function shellStatus(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + (signal ? constants.signals[signal] : 0);
}

/** Sends a signal to a process that leads a group (`detached`), and to all that it started there; in vain where it has ended. */
export function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch (error) {
    if (errnoOf(error) !== "ESRCH") throw error;
  }
}
