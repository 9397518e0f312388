import { KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import type { ProgressListener } from "../../shared/progress.js";
import type { Cache } from "../cache/index.js";
import type { StoreUse } from "../pull/shared-store.js";

/** What to import, and where to. */
export interface ImportOptions {
  /** Paths and https:// addresses; all are of one kernel. */
  readonly sources: readonly string[];
  /** The fingerprint of the system that has this kernel; undefined if it may be of any. */
  readonly fingerprint: string | undefined;
  /** The release that the kernel must have, and who says so; undefined if it may have any. */
  readonly expected?: { readonly release: string; readonly of: string } | undefined;
  readonly cache: Cache;
  /** Where the headers are stored for other hosts, if it says so; undefined: nowhere. */
  readonly store?: StoreUse | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: ProgressListener;
}

/** Throws `archive-mismatch` if the files are not of the release that they should be of. */
export function assertExpected(release: string, expected: ImportOptions["expected"]): void {
  if (expected === undefined || expected.release === release) return;
  throw new KheadersError(
    "archive-mismatch",
    `the files are of ${printable(release)}; ${expected.of} runs ${printable(expected.release)}`,
    { hint: "Nothing was imported. To import them for other devices, leave -s out." },
  );
}
