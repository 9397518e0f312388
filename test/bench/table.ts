import { table } from "../../host/cli/report/table.js";
import type { Goal } from "./bench-case.js";
import type { AmountResult, BenchResult, Comparison, RaceResult } from "./result.js";

const raceHeadings = [
  ...["CASE", "ON", "WALL, OURS", "THEIRS", "RATIO (QUARTILES)", "GOAL (AIM)"],
  ...["CPU, OURS", "THEIRS", "RATIO (QUARTILES)", "GOAL (AIM)"],
];
const amountHeadings = ["CASE", "OURS", "THEIRS", "RATIO", "GOAL (AIM)"];

/** Lays out the results for people: medians and quartiles, a case a line; then what is measured in each case. */
export function resultTable(results: readonly BenchResult[]): string[] {
  const races = results.filter((result) => result.kind === "race");
  const amounts = results.filter((result) => result.kind === "amount");
  const legends = new Map(results.map(({ name, legend }) => [name, `${name}: ${legend}`]));
  return [
    ...(races.length === 0 ? [] : [...table(raceHeadings, races.map(raceRow)), ""]),
    ...(amounts.length === 0 ? [] : [...table(amountHeadings, amounts.map(amountRow)), ""]),
    ...legends.values(),
  ];
}

function raceRow({ name, place, wall, cpu }: RaceResult): string[] {
  return [name, place, ...comparison(wall), ...comparison(cpu)];
}

function comparison({ ours, theirs, ratio, goal }: Comparison): string[] {
  const { median, low, high } = ratio;
  return [
    milliseconds(ours),
    milliseconds(theirs),
    `${median.toFixed(2)} (${low.toFixed(2)}-${high.toFixed(2)})`,
    goal === undefined ? "" : goalText(goal, median, String),
  ];
}

function amountRow({ name, ours, theirs, goal }: AmountResult): string[] {
  const ratio = theirs === undefined ? undefined : ours / theirs;
  return [
    name,
    bytes(ours),
    theirs === undefined ? "" : bytes(theirs),
    ratio === undefined ? "" : ratio.toFixed(2),
    goal === undefined ? "" : goalText(goal, ratio ?? ours, ratio === undefined ? bytes : String),
  ];
}

/** The goal, and whether it is missed. */
function goalText({ atMost, aim }: Goal, figure: number, format: (figure: number) => string): string {
  return `${format(atMost)} (${format(aim)})${figure > atMost ? " missed" : ""}`;
}

function milliseconds(figure: number): string {
  return `${figure.toFixed(figure < 100 ? 1 : 0)} ms`;
}

function bytes(figure: number): string {
  return figure === 0 ? "0" : `${(figure / 1e6).toFixed(1)} MB`;
}
