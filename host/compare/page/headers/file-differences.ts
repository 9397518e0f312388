import { hunksOf } from "../../text/hunks.js";
import { diffLines } from "../../text/line-diff.js";
import { fittingCount } from "../budget.js";
import type { Html } from "../html.js";
import { piecesOf } from "./side-by-side.js";

/** Longer files are generated, and no one reads what differs in them. */
const maxLines = 40_000;
/** No file may take more of the page, in bytes. */
const maxFileBytes = 60_000;

/** What differs in a file, as much of it as the page can have at most. */
export interface FileDifferences {
  readonly added: number;
  readonly removed: number;
  /** Hunks, or parts of one. */
  readonly pieces: readonly Html[];
  /** Pieces that are not among them. */
  readonly left: number;
}

/**
 * Compares the texts of a file.
 *
 * @returns undefined if it is too large, or if nothing that can be shown differs.
 */
export function fileDifferences(old: string, now: string): FileDifferences | undefined {
  const [before, after] = [linesOf(old), linesOf(now)];
  if (before.length > maxLines || after.length > maxLines) return undefined;
  const edits = diffLines(before, after);
  if (edits.length === 0) return undefined;
  const counts = { added: 0, removed: 0 };
  for (const { oldStart, oldEnd, newStart, newEnd } of edits) {
    counts.added += newEnd - newStart;
    counts.removed += oldEnd - oldStart;
  }
  const pieces = piecesOf(hunksOf(edits, before, after));
  const count = fittingCount(
    pieces.map(({ size }) => size),
    maxFileBytes,
  );
  return { ...counts, pieces: pieces.slice(0, count), left: pieces.length - count };
}

function linesOf(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}
