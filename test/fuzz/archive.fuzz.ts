import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { it } from "vitest";
import { archiveProperties } from "../support/archive-properties.js";

/** For how long each property is tried. */
const seconds = Number(process.env.KHEADERS_FUZZ_SECONDS ?? 60);

it.each(Object.entries(archiveProperties))(
  `holds for ${seconds} s of random archives: %s`,
  async (_, property) => {
    const end = Date.now() + seconds * 1_000;
    let runs = 0;
    while (Date.now() < end) {
      // A failure is reported with the seed and the path that repeat it.
      await fc.assert<unknown>(property, { numRuns: 500, interruptAfterTimeLimit: end - Date.now() });
      runs += 500;
      await setImmediate();
    }
    console.log(`about ${runs} archives`);
  },
);
