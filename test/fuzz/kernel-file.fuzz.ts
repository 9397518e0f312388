import fc from "fast-check";
import { it } from "vitest";
import { expectBounded } from "../support/bounded.js";
import { kernelFileProperties } from "../support/kernel-file-properties.js";

/** For how long each form is tried. */
const seconds = Number(process.env.KHEADERS_FUZZ_SECONDS ?? 60) / 4;

it.each(kernelFileProperties())(`reads or refuses ${seconds} s of random files: %s`, async (_, property) => {
  await expectBounded(seconds, 50, () => fc.assert<unknown>(property, { numRuns: 50 }));
});
