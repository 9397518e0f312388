import fc from "fast-check";
import { it } from "vitest";
import { archiveProperties } from "../../support/archive-properties.js";

it("gives back every archive of allowed entries", () => {
  fc.assert(archiveProperties.roundTrip, { numRuns: 200 });
});

it("gives no entry outside the tree, whatever is done to an archive", () => {
  fc.assert(archiveProperties.mutatedTar, { numRuns: 400 });
});

it("accepts links that stay inside the tree, and no others", () => {
  fc.assert(archiveProperties.links, { numRuns: 500 });
});

it("gives nothing else than what was compressed, whatever is done to the compressed bytes", async () => {
  await fc.assert(archiveProperties.mutatedXz, { numRuns: 40 });
});
