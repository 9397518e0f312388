import { expect, it } from "vitest";
import { spreadOf } from "../../bench/statistics.js";

it.each([
  { figures: [3], spread: { low: 3, median: 3, high: 3 } },
  { figures: [2, 1], spread: { low: 1.25, median: 1.5, high: 1.75 } },
  { figures: [9, 1, 5, 3, 7], spread: { low: 3, median: 5, high: 7 } },
  { figures: [1, 1, 1, 1, 1, 1, 1, 1, 100], spread: { low: 1, median: 1, high: 1 } },
])("median and quartiles of $figures", ({ figures, spread }) => {
  expect(spreadOf(figures)).toEqual(spread);
});

it("there is no middle of nothing", () => {
  expect(() => spreadOf([])).toThrow(RangeError);
});
