import fc from "fast-check";
import { it } from "vitest";
import { btfProperties } from "../../support/btf-properties.js";

it("reads BTF to the end or refuses it, whatever is done to it", () => {
  fc.assert(btfProperties.mutated, { numRuns: 300 });
});

it("reads types to the end or refuses them, whatever refers to whatever", () => {
  fc.assert(btfProperties.random, { numRuns: 500 });
});
