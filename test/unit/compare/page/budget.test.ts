import { describe, expect, it } from "vitest";
import {
  fairShare,
  fittingCount,
  maxPartBytes,
  takeFitting,
  usedBytes,
} from "../../../../host/compare/page/budget.js";

describe("the bytes of the page", () => {
  it("stay below 5 MB", () => {
    const sum = Object.values(maxPartBytes).reduce((total, bytes) => total + bytes, 0);
    expect(sum).toBeLessThan(4_950_000);
  });

  it("are those of the first that fit", () => {
    const items = [{ size: 10 }, { size: 20 }, { size: 5 }];
    expect(takeFitting(items, 29)).toEqual({ shown: [{ size: 10 }], left: 2 });
    expect(takeFitting(items, 35)).toEqual({ shown: items, left: 0 });
    expect(fittingCount([10, 20, 5], 30)).toBe(2);
  });

  it("are divided so that what is small is whole, and all others have as much as each other", () => {
    const all = [[10], [10, 10], Array(100).fill(10), Array(1000).fill(10)];
    const share = fairShare(all, 230);
    expect(share).toBe(109);
    expect(usedBytes(all, share)).toBe(230);
    expect(all.map((sizes) => fittingCount(sizes, share))).toEqual([1, 2, 10, 10]);
  });

  it("are given to all if there is enough, and to none if not one fits", () => {
    expect(fairShare([[10, 5], [7]], 1000)).toBe(15);
    expect(usedBytes([[50]], fairShare([[50]], 20))).toBe(0);
    expect(fairShare([], 10)).toBe(0);
  });
});
