/**
 * Whether what is slow and rarely breaks runs as well: `./scripts/test --all` says so. Each promise has tests that always
 * run; what is left out is more of the same. Who uses this is listed in CONTRIBUTING.md.
 */
export const isThorough = process.env.KHEADERS_ALL_TESTS === "1";

/** What is tried in each run, with what is left to `./scripts/test --all`; says so on the terminal where that is left out. */
export function withSlow<T>(what: string, always: readonly T[], slow: readonly T[]): readonly T[] {
  if (isThorough) return [...always, ...slow];
  console.warn(`left to ./scripts/test --all: ${what}`);
  return always;
}
