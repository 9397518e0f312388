import type { Amount, Goal, Race, Took } from "./bench-case.js";
import type { Pair } from "./pairs.js";
import type { Place } from "./places.js";
import { type Spread, spreadOf } from "./statistics.js";

/** Ours against theirs in one kind of time: medians, and the spread of the ratios within the pairs. */
export interface Comparison {
  readonly ours: number;
  readonly theirs: number;
  readonly ratio: Spread;
  readonly goal: Goal | undefined;
}

/** What a race came to in one place. */
export interface RaceResult {
  readonly kind: "race";
  readonly name: string;
  readonly place: Place["name"];
  /** What was compared, and what was found on the way. */
  readonly legend: string;
  readonly wall: Comparison;
  readonly cpu: Comparison;
  readonly pairs: readonly Pair[];
}

/** What an amount came to, in bytes. */
export interface AmountResult {
  readonly kind: "amount";
  readonly name: string;
  readonly place: Place["name"];
  readonly legend: string;
  readonly ours: number;
  readonly theirs: number | undefined;
  readonly goal: Goal | undefined;
}

export type BenchResult = RaceResult | AmountResult;

/** Sums up the pairs of a race. */
export function raceResult(
  { name, ours, theirs, goals = {} }: Race,
  place: Place["name"],
  pairs: readonly Pair[],
  note?: string,
): RaceResult {
  const legend = `${ours}, against ${theirs}${note === undefined ? "" : `; ${note}`}`;
  const compare = (kind: keyof Took): Comparison => ({
    ours: spreadOf(pairs.map((pair) => pair.ours[kind])).median,
    theirs: spreadOf(pairs.map((pair) => pair.theirs[kind])).median,
    ratio: spreadOf(pairs.map((pair) => pair.ours[kind] / pair.theirs[kind])),
    goal: goals[kind],
  });
  return { kind: "race", name, place, legend, wall: compare("wall"), cpu: compare("cpu"), pairs };
}

export function amountResult(
  { name, ours, theirs, goal }: Amount,
  place: Place["name"],
  measured: { readonly ours: number; readonly theirs?: number },
): AmountResult {
  const legend = theirs === undefined ? ours : `${ours}, against ${theirs}`;
  return { kind: "amount", name, place, legend, ours: measured.ours, theirs: measured.theirs, goal };
}
