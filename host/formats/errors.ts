import { KheadersError } from "../../shared/errors.js";

/** A file that breaks off, or contradicts its own format: `file-corrupt`. `reason` is a clause. */
export function damaged(reason: string, cause?: unknown): KheadersError {
  return new KheadersError("file-corrupt", `The file is damaged: ${reason}.`, {
    hint: "Get the file again, and compare its size and checksum with what its publisher says.",
    cause,
  });
}

/** A file that is whole but is not read: `file-refused`. `reason` is a clause. */
export function refusedFile(reason: string, hint?: string): KheadersError {
  return new KheadersError("file-refused", `The file is refused: ${reason}.`, {
    hint: hint ?? "docs/archive-limits.md says what a file may hold.",
  });
}

/** A file with more of something than the limits allow: `file-refused`. */
export function overFileLimit(what: string, limit: number, unit: string): KheadersError {
  return refusedFile(`${what} is over the limit of ${limit.toLocaleString("en")} ${unit}`);
}
