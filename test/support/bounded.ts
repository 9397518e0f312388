import { setImmediate } from "node:timers/promises";
import { expect } from "vitest";

/**
 * The longest that the thread may be kept from others, in milliseconds: a second without a sign of life. Only what it works
 * counts: on a busy machine others do.
 */
const maxHold = 1_000;
/** How much more memory the process may have at any time than at first, in bytes. */
const maxMemory = 300 * 1024 * 1024;

/**
 * Runs something again and again for so many seconds, and expects that it neither keeps the thread nor takes memory.
 *
 * @param runs What one call tries.
 */
export async function expectBounded(
  seconds: number,
  runs: number,
  work: () => Promise<unknown>,
): Promise<void> {
  const before = process.memoryUsage().rss;
  let [last, used] = [performance.now(), process.cpuUsage()];
  let longest = 0;
  let most = before;
  const look = setInterval(() => {
    const { user, system } = process.cpuUsage(used);
    longest = Math.max(longest, Math.min(performance.now() - last, (user + system) / 1_000));
    [last, used] = [performance.now(), process.cpuUsage()];
    most = Math.max(most, process.memoryUsage().rss);
  }, 10);
  const end = Date.now() + seconds * 1_000;
  let count = 0;
  try {
    while (Date.now() < end) {
      await work();
      count += runs;
      await setImmediate();
    }
  } finally {
    clearInterval(look);
  }
  const megabytes = Math.round((most - before) / 2 ** 20);
  console.log(`about ${count} files, at most ${Math.round(longest)} ms and ${megabytes} MiB`);
  expect(longest).toBeLessThan(maxHold);
  expect(most - before).toBeLessThan(maxMemory);
}
