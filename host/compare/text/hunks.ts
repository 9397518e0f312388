import type { Edit } from "./line-diff.js";

/** A part of two texts that differs, with the lines around it. */
export interface Hunk {
  /** Number of its first line, counted from 1. */
  readonly oldStart: number;
  readonly newStart: number;
  readonly blocks: readonly Block[];
}

/** Lines that are the same in both, or lines and what they became. */
export interface Block {
  readonly isSame: boolean;
  readonly old: readonly string[];
  readonly new: readonly string[];
}

/** Lines that are shown before and after what differs, as `diff -u` shows them. */
const contextLines = 3;

/** Puts edits that are near each other into hunks. */
export function hunksOf(edits: readonly Edit[], old: readonly string[], now: readonly string[]): Hunk[] {
  const groups: Edit[][] = [];
  for (const edit of edits) {
    const group = groups.at(-1);
    const last = group?.at(-1);
    if (group !== undefined && last !== undefined && edit.oldStart - last.oldEnd <= 2 * contextLines)
      group.push(edit);
    else groups.push([edit]);
  }
  return groups.map((group) => hunkOf(group, old, now));
}

function hunkOf(edits: readonly Edit[], old: readonly string[], now: readonly string[]): Hunk {
  const [first, last] = [edits[0], edits.at(-1)];
  if (first === undefined || last === undefined) return { oldStart: 1, newStart: 1, blocks: [] };
  const before = Math.min(contextLines, first.oldStart, first.newStart);
  const blocks: Block[] = [];
  const addSame = (start: number, end: number) => {
    const lines = old.slice(start, end);
    if (lines.length > 0) blocks.push({ isSame: true, old: lines, new: lines });
  };
  let next = first.oldStart - before;
  for (const { oldStart, oldEnd, newStart, newEnd } of edits) {
    addSame(next, oldStart);
    blocks.push({ isSame: false, old: old.slice(oldStart, oldEnd), new: now.slice(newStart, newEnd) });
    next = oldEnd;
  }
  addSame(next, Math.min(old.length, next + contextLines));
  return { oldStart: first.oldStart - before + 1, newStart: first.newStart - before + 1, blocks };
}
