import type { BenchLab } from "./bench-lab.js";

/** What is measured: milliseconds, or what is left on the disk. */
export type Unit = "ms" | "bytes" | "inodes";

/** The ratio that the design asks for, and the one that it hopes for. */
export interface Goal {
  readonly atMost: number;
  readonly aim: number;
}

/** Does a thing once, in a fresh folder, and gives the figure. */
export type Contender = () => Promise<number>;

/** The two that are compared, ready to run. */
export interface Contenders {
  readonly ours: Contender;
  readonly theirs: Contender;
  /** Runs ours once more; the most memory that the kheaders process had at any moment, in bytes. */
  readonly peakMemory?: (() => Promise<number>) | undefined;
  /** A fact that was checked on the way, to stand below the table. */
  readonly note?: (() => Promise<string>) | undefined;
}

/** One row of the table. */
export interface BenchCase {
  /** For `--case`. */
  readonly name: string;
  /** What `ours` does, in a few words. */
  readonly ours: string;
  /** What it is compared to. */
  readonly theirs: string;
  readonly unit: Unit;
  readonly goal?: Goal;
  /** The figure does not vary: it is taken once, however many runs are asked for. */
  readonly once?: boolean;
  prepare(lab: BenchLab): Promise<Contenders>;
}
