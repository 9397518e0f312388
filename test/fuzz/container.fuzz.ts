import fc from "fast-check";
import { it } from "vitest";
import { expectBounded } from "../support/bounded.js";
import { containerProperties } from "../support/container-properties.js";

/** For how long each form is tried. */
const seconds = Number(process.env.KHEADERS_FUZZ_SECONDS ?? 60) / 4;

it.each(containerProperties())(
  `opens or refuses ${seconds} s of random containers: %s`,
  async (_, property) => {
    await expectBounded(seconds, 5, () => fc.assert<unknown>(property, { numRuns: 5 }));
  },
);
