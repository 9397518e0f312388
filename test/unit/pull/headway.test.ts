import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Turn } from "../../../host/pull/headway.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it("is given up once the device makes no headway, and only once", () => {
  const release = vi.fn();
  const turn = new Turn(10);
  turn.hold({ release });
  turn.headway();
  vi.advanceTimersByTime(9_000);
  turn.headway();
  vi.advanceTimersByTime(9_000);
  expect(release).not.toHaveBeenCalled();
  vi.advanceTimersByTime(2_000);
  expect(release).toHaveBeenCalledTimes(1);
  turn.end();
  expect(release).toHaveBeenCalledTimes(1);
});

it("lasts while others have theirs", () => {
  const release = vi.fn();
  const turn = new Turn(10);
  turn.hold({ release });
  turn.headway();
  turn.pause();
  vi.advanceTimersByTime(60_000);
  expect(release).not.toHaveBeenCalled();
  turn.headway();
  vi.advanceTimersByTime(11_000);
  expect(release).toHaveBeenCalledTimes(1);
});

it("that is over holds nothing, and its headway starts nothing", () => {
  const release = vi.fn();
  const turn = new Turn(10);
  turn.end();
  turn.hold({ release });
  expect(release).toHaveBeenCalledTimes(1);
  turn.headway();
  expect(vi.getTimerCount()).toBe(0);
});
