import type { BenchLab } from "./bench-lab.js";
import type { Place } from "./places.js";

/** The figure that the design asks for, and the one that it hopes for. */
export interface Goal {
  readonly atMost: number;
  readonly aim: number;
}

/** What a run took, in milliseconds. */
export interface Took {
  /** By the clock. */
  readonly wall: number;
  /** Processor time, user and system, of all processes that had a part in it. */
  readonly cpu: number;
}

/** The two that are compared, ready to run: each does its thing once, in a fresh folder. */
export interface Contenders {
  readonly ours: () => Promise<Took>;
  readonly theirs: () => Promise<Took>;
  /** A fact that was checked on the way, to stand below the table. */
  readonly note?: (() => Promise<string>) | undefined;
  /** Ends what was started for this case alone. */
  readonly end?: (() => Promise<void>) | undefined;
}

/** Two ways to do a thing, run in turn, in each place: one row of the table a place. */
export interface Race {
  readonly kind: "race";
  /** For `--case`. */
  readonly name: string;
  /** What `ours` does, in a few words. */
  readonly ours: string;
  /** What it is compared to. */
  readonly theirs: string;
  /** Of the ratios. */
  readonly goals?: { readonly wall?: Goal; readonly cpu?: Goal };
  prepare(lab: BenchLab, place: Place): Promise<Contenders>;
}

/** Bytes that do not vary from run to run: taken once. */
export interface Amount {
  readonly kind: "amount";
  readonly name: string;
  readonly ours: string;
  /** What it is compared to; undefined where the goal is a number of bytes. */
  readonly theirs?: string;
  /** Of the ratio, or in bytes. */
  readonly goal?: Goal;
  measure(lab: BenchLab, place: Place): Promise<{ readonly ours: number; readonly theirs?: number }>;
}

/** What a file in `cases/` has. */
export type BenchCase = Race | Amount;
