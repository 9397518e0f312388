import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { expect, it } from "vitest";
import { kernelFileProperties } from "../support/kernel-file-properties.js";

/** For how long each form is tried. */
const seconds = Number(process.env.KHEADERS_FUZZ_SECONDS ?? 60) / 4;
/** The longest that the thread may be kept from others, in milliseconds: a second without a sign of life. */
const maxHold = 1_000;
/** How much more memory the process may have at any time than at first, in bytes. */
const maxMemory = 300 * 1024 * 1024;

it.each(kernelFileProperties())(`reads or refuses ${seconds} s of random files: %s`, async (_, property) => {
  const before = process.memoryUsage().rss;
  let last = performance.now();
  let longest = 0;
  let most = before;
  const look = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
    most = Math.max(most, process.memoryUsage().rss);
  }, 10);
  const end = Date.now() + seconds * 1_000;
  let runs = 0;
  while (Date.now() < end) {
    await fc.assert<unknown>(property, { numRuns: 50, interruptAfterTimeLimit: end - Date.now() });
    runs += 50;
    await setImmediate();
  }
  clearInterval(look);
  console.log(
    `about ${runs} files, at most ${Math.round(longest)} ms and ${Math.round((most - before) / 2 ** 20)} MiB`,
  );
  expect(longest).toBeLessThan(maxHold);
  expect(most - before).toBeLessThan(maxMemory);
});
