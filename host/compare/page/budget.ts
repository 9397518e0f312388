/** Bytes that each part of the page may take. Together with all else they stay below 5 MB. */
export const maxPartBytes = {
  config: 150_000,
  /** The tree of files without what differs in them. */
  files: 780_000,
  hunks: 1_000_000,
  /** The list of types without their members: of those that changed, and of all others. */
  changedTypes: 830_000,
  otherTypes: 250_000,
  members: 1_100_000,
  symbols: 690_000,
} as const;

/** The first items that fit, and how many do not. */
export interface Fitting<T> {
  readonly shown: readonly T[];
  readonly left: number;
}

/** Takes items for as long as they fit. */
export function takeFitting<T extends { readonly size: number }>(
  items: readonly T[],
  maxBytes: number,
): Fitting<T> {
  const count = fittingCount(
    items.map(({ size }) => size),
    maxBytes,
  );
  return { shown: items.slice(0, count), left: items.length - count };
}

/** How many pieces fit into some bytes. */
export function fittingCount(sizes: readonly number[], maxBytes: number): number {
  let [size, count] = [0, 0];
  for (const piece of sizes) {
    size += piece;
    if (size > maxBytes) break;
    count += 1;
  }
  return count;
}

/**
 * Divides bytes fairly: all may show as much as any other, and as much as all together have room for.
 *
 * @param all The sizes of the pieces of each.
 * @returns The bytes that one may show at most.
 */
export function fairShare(all: readonly (readonly number[])[], bytes: number): number {
  let [low, high] = [0, all.reduce((max, sizes) => Math.max(max, sum(sizes)), 0)];
  if (usedBytes(all, high) <= bytes) return high;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (usedBytes(all, middle) <= bytes) low = middle;
    else high = middle;
  }
  return low;
}

/** The bytes of what is shown if each may show so many. */
export function usedBytes(all: readonly (readonly number[])[], share: number): number {
  return sum(all.map((sizes) => sum(sizes.slice(0, fittingCount(sizes, share)))));
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}
