import { KheadersError } from "../../shared/errors.js";

/** An archive that is whole but holds something that kheaders does not unpack: `archive-refused`. `reason` is a clause. */
export function refused(reason: string, hint?: string): KheadersError {
  return new KheadersError("archive-refused", `The archive is refused: ${reason}.`, {
    hint: hint ?? "Nothing of it was kept. docs/archive-limits.md says what an archive may hold.",
  });
}

/** An archive that was damaged, or is not an archive: `archive-corrupt`. `reason` is a clause. */
export function corrupt(reason: string, cause?: unknown): KheadersError {
  return new KheadersError("archive-corrupt", `The archive is damaged: ${reason}.`, {
    hint: "Pull it again. If it fails again, the kernel was built with a damaged archive.",
    cause,
  });
}

/** An archive that the decoder finds damaged: `archive-corrupt`. */
export function undecodable(): KheadersError {
  return corrupt("the xz data does not fit its own checksums or its format");
}

/** An archive with more of something than the limits allow: `archive-refused`. */
export function overLimit(what: string, limit: number, unit: string): KheadersError {
  return refused(`${what} is over the limit of ${limit.toLocaleString("en")} ${unit}`);
}
