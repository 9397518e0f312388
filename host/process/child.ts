import { constants } from "node:os";
import { errnoOf, KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";

/** How long a process may take to end once it is told to, in milliseconds. */
export const endingMilliseconds = 5_000;

/** The status of a process that ended, as a shell gives it: 128 and the signal's number if a signal ended it. */
export function shellStatus(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + (signal ? constants.signals[signal] : 0);
}

/** Sends a signal to a process that leads a group (`detached`), and to all that it started there. A group that ended is fine. */
export function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch (error) {
    if (errnoOf(error) !== "ESRCH") throw error;
  }
}

/**
 * The error for a program that could not be started.
 *
 * @param code `tool-missing` for one that kheaders needs, `usage` for a command that the user named.
 */
export function notStarted(
  code: "tool-missing" | "usage",
  program: string,
  cause: unknown,
  hint: string,
): KheadersError {
  return new KheadersError(code, `${printable(program, 4096)} ${reasonOf(cause)}`, { hint, cause });
}

function reasonOf(cause: unknown): string {
  if (errnoOf(cause) === "ENOENT") return "was not found";
  // A folder of PATH that may not be looked into gives the same error as a program that may not be run.
  if (errnoOf(cause) === "EACCES") return "was not found, or may not be run";
  return "cannot be run";
}
