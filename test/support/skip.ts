import { type TestContext, test } from "vitest";

/** Stands for tests that cannot run here: says so on the terminal, and appears as skipped in the report. */
export function skipBecause(reason: string, what: string): void {
  console.warn(`skipped: ${what}: ${reason}`);
  test.skip(`${what} (skipped: ${reason})`, () => {});
}

/** Skips the rest of a test under a condition, and says so on the terminal. */
export function skipWhen(
  condition: boolean,
  reason: string,
  { task, skip }: Pick<TestContext, "task" | "skip">,
): void {
  if (!condition) return;
  console.warn(`skipped: ${task.fullTestName}: ${reason}`);
  skip(reason);
}
