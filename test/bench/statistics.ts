/** The middle of some figures and how far they reach. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** @throws RangeError for no figures at all. */
export function spreadOf(figures: readonly number[]): Spread {
  const sorted = [...figures].sort((one, other) => one - other);
  const min = sorted[0];
  const max = sorted.at(-1);
  const below = sorted[Math.floor((sorted.length - 1) / 2)];
  const above = sorted[Math.floor(sorted.length / 2)];
  if (min === undefined || max === undefined || below === undefined || above === undefined)
    throw new RangeError("there is no median of nothing");
  return { median: (below + above) / 2, min, max };
}
