import { test } from "vitest";

/** Stands for tests that cannot run here: says so on the terminal, and appears as skipped in the report. */
export function skipBecause(reason: string, what: string): void {
  console.warn(`skipped: ${what}: ${reason}`);
  test.skip(`${what} (skipped: ${reason})`, () => {});
}
