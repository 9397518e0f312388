import { printable } from "../../../shared/printable.js";

const maxCellWidth = 120;

/** Lays out rows under headings, in columns as wide as their widest cell. Control characters are escaped. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const lines = [headings, ...rows].map((row) => row.map((cell) => printable(cell || "-", maxCellWidth)));
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
