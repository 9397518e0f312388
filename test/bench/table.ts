import { table } from "../../host/cli/report/table.js";
import type { Unit } from "./bench-case.js";
import type { BenchResult } from "./result.js";

const headings = ["CASE", "OURS", "THEIRS", "RATIO (MIN-MAX)", "AT MOST", "AIM", "PEAK MEMORY"];

/** Lays out the results for people: medians, and the ratios of the pairs; then what is measured in each case. */
export function resultTable(results: readonly BenchResult[]): string[] {
  const rows = results.map(({ name, unit, median, ratio, goal, peakMemory }) => [
    name,
    formatFigure(median.ours, unit),
    formatFigure(median.theirs, unit),
    `${ratio.median.toFixed(2)} (${ratio.min.toFixed(2)}-${ratio.max.toFixed(2)})`,
    goal?.atMost.toString() ?? "",
    goal?.aim.toString() ?? "",
    peakMemory === undefined ? "" : formatFigure(peakMemory, "bytes"),
  ]);
  const legend = results.map(
    ({ name, ours, theirs, note }) =>
      `${name}: ${ours}, against ${theirs}${note === undefined ? "" : `; ${note}`}`,
  );
  return [...table(headings, rows), "", ...legend];
}

function formatFigure(figure: number, unit: Unit): string {
  switch (unit) {
    case "ms":
      return `${figure.toFixed(figure < 100 ? 1 : 0)} ms`;
    case "bytes":
      return `${(figure / 1e6).toFixed(1)} MB`;
    case "inodes":
      return figure.toFixed(0);
  }
}
