import type { ChildProcess } from "node:child_process";
import { errnoOf, KheadersError } from "../../shared/errors.js";
import { shellStatus } from "./child.js";

/**
 * Waits until a process ends.
 *
 * @returns its exit status, as a shell tells it.
 * @throws KheadersError `usage` where `command` cannot be run.
 */
export function endOf(child: ChildProcess, command: string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on("error", (cause) => {
      const reason = errnoOf(cause) === "ENOENT" ? "there is no such command" : "it cannot be run";
      reject(
        new KheadersError("usage", `${command}: ${reason}`, {
          hint: "Name a program in PATH.",
          cause,
        }),
      );
    });
    child.on("exit", (status, signal) => resolve(shellStatus(status, signal)));
  });
}
