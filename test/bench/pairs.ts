import type { Contenders, Took } from "./bench-case.js";

/** What the two took, one after the other. */
export interface Pair {
  readonly ours: Took;
  readonly theirs: Took;
}

/**
 * Runs two contenders in turn, so that whatever else the machine does meets both alike: only the ratio within a pair means
 * something on a busy machine. Who begins changes with every pair, for each finds what the other has left: dirty pages to
 * write, a warm cache.
 */
export async function runPairs({ ours, theirs }: Contenders, runs: number): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (let run = 0; run < runs; run += 1) {
    if (run % 2 === 0) {
      pairs.push({ ours: await ours(), theirs: await theirs() });
    } else {
      const first = await theirs();
      pairs.push({ ours: await ours(), theirs: first });
    }
  }
  return pairs;
}
