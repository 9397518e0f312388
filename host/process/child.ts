import type { ChildProcess } from "node:child_process";
import { constants } from "node:os";
import { errnoOf, KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";

/** How long a process may take to end after SIGTERM, in milliseconds; then it gets SIGKILL. */
export const endingMilliseconds = 5_000;

/**
 * Waits until a process ends. Rejects with the error of spawn if it could not be started.
 *
 * @param event `close` also waits until all of its output was read.
 * @returns its exit status, as a shell gives it.
 */
export function statusOf(child: ChildProcess, event: "exit" | "close"): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on(event, (code: number | null, signal: NodeJS.Signals | null) =>
      resolve(shellStatus(code, signal)),
    );
  });
}

/** The status of a process that ended, as a shell gives it: 128 and the signal's number if a signal ended it. */
export function shellStatus(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + (signal ? constants.signals[signal] : 0);
}

/** Sends a signal to a process group. A group that already ended is fine. */
export function signalGroup(leader: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (leader !== undefined) process.kill(-leader, signal);
  } catch (error) {
    if (errnoOf(error) !== "ESRCH") throw error;
  }
}

/** Waits for the result of a tool that kheaders needs: if it fails, the signal aborted or the tool cannot be run. */
export async function toolResult<T>(
  result: Promise<T>,
  program: string,
  { signal, hint }: { readonly signal: AbortSignal; readonly hint: string },
): Promise<T> {
  try {
    const value = await result;
    signal.throwIfAborted();
    return value;
  } catch (cause) {
    signal.throwIfAborted();
    throw notStarted("tool-missing", program, cause, hint);
  }
}

/**
 * The error for a program that could not be started.
 *
 * @param code `tool-missing` for a program that kheaders needs, `usage` for a command that the user named.
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
  // A PATH folder without search permission gives the same error as a program without execute permission.
  if (errnoOf(cause) === "EACCES") return "was not found or is not executable";
  return "cannot be run";
}
