import type { BenchCase, Goal, Unit } from "./bench-case.js";
import type { Pair } from "./pairs.js";
import { type Spread, spreadOf } from "./statistics.js";

/** What a case came to. */
export interface BenchResult {
  readonly name: string;
  readonly ours: string;
  readonly theirs: string;
  readonly unit: Unit;
  readonly goal: Goal | undefined;
  readonly pairs: readonly Pair[];
  /** Medians. */
  readonly median: Pair;
  /** Of the ratios within each pair. */
  readonly ratio: Spread;
  /** Bytes. */
  readonly peakMemory: number | undefined;
  readonly note: string | undefined;
}

/** Sums up the pairs of a case. */
export function resultOf(
  { name, ours, theirs, unit, goal }: BenchCase,
  pairs: readonly Pair[],
  more: Pick<BenchResult, "peakMemory" | "note">,
): BenchResult {
  return {
    name,
    ours,
    theirs,
    unit,
    goal,
    pairs,
    median: {
      ours: spreadOf(pairs.map((pair) => pair.ours)).median,
      theirs: spreadOf(pairs.map((pair) => pair.theirs)).median,
    },
    ratio: spreadOf(pairs.map((pair) => pair.ours / pair.theirs)),
    ...more,
  };
}
