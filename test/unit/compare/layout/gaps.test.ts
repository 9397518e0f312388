import { expect, it } from "vitest";
import { gapsOf } from "../../../../host/compare/layout/gaps.js";

const bytes = (start: number, end: number) => ({ start: start * 8, end: end * 8 });

it("room is before members, and after the last", () => {
  expect(gapsOf([bytes(0, 1), bytes(8, 16), bytes(16, 17)], 24 * 8)).toEqual({
    before: [undefined, { bytes: 7, bits: 0 }, undefined],
    last: { bytes: 7, bits: 0 },
  });
});

it("room after a bit field is first what is left of its integer", () => {
  const field = { start: 0, end: 3, unitEnd: 8 };
  expect(gapsOf([field, bytes(4, 8)], 64).before[1]).toEqual({ bytes: 3, bits: 5 });
  expect(gapsOf([{ ...field, unitEnd: 32 }, bytes(4, 8)], 64).before[1]).toEqual({ bytes: 0, bits: 29 });
  expect(gapsOf([{ ...field, unitEnd: 64 }, bytes(4, 8)], 64).before[1]).toEqual({ bytes: 0, bits: 29 });
  expect(gapsOf([field], 64).last).toEqual({ bytes: 7, bits: 5 });
});

it("room before a bit field may be bits, too", () => {
  expect(gapsOf([bytes(0, 1), { start: 20, end: 24, unitEnd: 32 }], 32)).toEqual({
    before: [undefined, { bytes: 1, bits: 4 }],
    last: { bytes: 0, bits: 8 },
  });
});

it("there is none where members overlap or reach out of the struct", () => {
  const { before, last } = gapsOf([bytes(0, 8), bytes(0, 2), bytes(4, 6)], 32);
  expect(before).toEqual([undefined, undefined, undefined]);
  expect(last).toBeUndefined();
  expect(gapsOf([], 0)).toEqual({ before: [], last: undefined });
});
