import { randomBytes } from "node:crypto";
import { lstatSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { errnoOf, KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";

/**
 * The regular file that an output means: where a link leads to, not the link's own place.
 *
 * @throws KheadersError `output-failed` where something else is there, or it cannot be looked at.
 */
export function outputTarget(output: string): string {
  try {
    if (lstatSync(output, { throwIfNoEntry: false }) === undefined) return resolve(output);
    if (statSync(output).isFile()) return realpathSync(output);
  } catch (cause) {
    throw outputError(output, cause);
  }
  throw new KheadersError("output-failed", `${printable(output, 4096)} exists and is no regular file`, {
    hint: "Name another file with -o.",
  });
}

/**
 * Writes an output so that it appears whole, or not at all.
 *
 * @param target As {@link outputTarget} gives it.
 * @param output As the user named it.
 * @throws KheadersError `output-failed` or `disk-full`.
 */
export function publishOutput(content: Uint8Array, target: string, output: string): void {
  const temporary = join(dirname(target), `.kheaders-${randomBytes(8).toString("hex")}`);
  try {
    writeFileSync(temporary, content, { flag: "wx" });
    renameSync(temporary, target);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw outputError(output, cause);
  }
}

function outputError(output: string, cause: unknown): KheadersError {
  const isFull = errnoOf(cause) === "ENOSPC" || errnoOf(cause) === "EDQUOT";
  const reason = cause instanceof Error ? printable(cause.message, 400) : "unknown reason";
  return new KheadersError(
    isFull ? "disk-full" : "output-failed",
    `cannot write ${printable(output, 4096)}: ${reason}`,
    { hint: isFull ? "Free some space, or choose another place." : "Choose another place.", cause },
  );
}
