import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Headway } from "../../../../host/pull/transfer/headway.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it("is given up once the device makes no headway, and only once", () => {
  const release = vi.fn();
  const headway = new Headway(10);
  headway.hold({ release });
  headway.made();
  vi.advanceTimersByTime(9_000);
  headway.made();
  vi.advanceTimersByTime(9_000);
  expect(release).not.toHaveBeenCalled();
  vi.advanceTimersByTime(2_000);
  expect(release).toHaveBeenCalledTimes(1);
  headway.end();
  expect(release).toHaveBeenCalledTimes(1);
});

it("lasts while others have theirs", () => {
  const release = vi.fn();
  const headway = new Headway(10);
  headway.hold({ release });
  headway.made();
  headway.pause();
  vi.advanceTimersByTime(60_000);
  expect(release).not.toHaveBeenCalled();
  headway.made();
  vi.advanceTimersByTime(11_000);
  expect(release).toHaveBeenCalledTimes(1);
});

it("that is over holds nothing, and its headway starts nothing", () => {
  const release = vi.fn();
  const headway = new Headway(10);
  headway.end();
  headway.hold({ release });
  expect(release).toHaveBeenCalledTimes(1);
  headway.made();
  expect(vi.getTimerCount()).toBe(0);
});
