import type { ChildProcess } from "node:child_process";
import { notStarted, shellStatus } from "./child.js";

/**
 * Waits until a command that the user named ends.
 *
 * @returns its exit status, as a shell gives it.
 * @throws KheadersError `usage` if it cannot be run.
 */
export function endOf(child: ChildProcess, program: string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on("error", (cause) => reject(notStarted("usage", program, cause, "Name a program in PATH.")));
    child.on("exit", (status, signal) => resolve(shellStatus(status, signal)));
  });
}
