import { printable } from "../../../shared/printable.js";
import { columnsOf, styled, type TerminalStream } from "./terminal.js";

/** A column of a table. What it may lose counts only where the table is wider than the terminal. */
export interface Column {
  readonly heading: string;
  /** How narrow the column may become; it is not cut if this is not given. */
  readonly min?: number;
  /** The columns with the highest number are left out first; it is never left out if this is not given. */
  readonly rank?: number;
}

const maxCellWidth = 120;
const gap = 2;

/**
 * Lays out rows under headings, in columns as wide as their widest cell. Control characters are escaped. On a terminal that is
 * narrower, columns are left out and cells are cut.
 *
 * @param described the columns; a heading alone is one that is always whole.
 */
export function table(
  described: readonly (Column | string)[],
  rows: readonly (readonly string[])[],
  stream: TerminalStream = {},
): string[] {
  const columns = described.map((one) => (typeof one === "string" ? { heading: one } : one));
  const cells = rows.map((row) => row.map((cell) => printable(cell || "-", maxCellWidth)));
  const natural = columns.map(({ heading }, index) =>
    Math.max(heading.length, ...cells.map((row) => row[index]?.length ?? 0)),
  );
  const widths = fitWidths(columns, natural, columnsOf(stream));
  const line = (row: readonly string[]) =>
    row
      .flatMap((cell, index) => {
        const width = widths[index];
        return width === undefined ? [] : [printable(cell, width).padEnd(width)];
      })
      .join(" ".repeat(gap))
      .trimEnd();
  return [styled("bold", line(columns.map(({ heading }) => heading)), stream), ...cells.map(line)];
}

/** How wide each column is so that all fit into `room`; undefined: it is left out. */
function fitWidths(
  columns: readonly Column[],
  natural: readonly number[],
  room: number,
): readonly (number | undefined)[] {
  const minOf = (index: number) =>
    Math.min(columns[index]?.min ?? Number.POSITIVE_INFINITY, natural[index] ?? 0);
  const shown = new Set(columns.keys());
  const total = (widthOf: (index: number) => number) =>
    [...shown].reduce((sum, index) => sum + widthOf(index), gap * (shown.size - 1));
  const byRank = [...shown].filter((index) => columns[index]?.rank !== undefined);
  byRank.sort((one, other) => (columns[other]?.rank ?? 0) - (columns[one]?.rank ?? 0));
  for (const index of byRank) if (total(minOf) > room) shown.delete(index);
  const widths = new Map([...shown].map((index) => [index, natural[index] ?? 0]));
  for (let over = total((index) => widths.get(index) ?? 0) - room; over > 0; over--) {
    const [widest] = [...shown]
      .filter((index) => (widths.get(index) ?? 0) > minOf(index))
      .sort((one, other) => (widths.get(other) ?? 0) - (widths.get(one) ?? 0));
    if (widest === undefined) break;
    widths.set(widest, (widths.get(widest) ?? 0) - 1);
  }
  return columns.map((_, index) => widths.get(index));
}
