import { getEventListeners } from "node:events";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { within } from "../../../host/farm/deadline.js";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A work that ends with its signal. */
function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });
}

it("ends a work that takes too long, as timed out", async () => {
  const work = within(30, new AbortController().signal, untilAborted);
  const ended = expect(work).rejects.toMatchObject({ code: "timed-out", message: "gave up after 30 s" });
  await vi.advanceTimersByTimeAsync(30_000);
  await ended;
});

it("ends a work with the signal around it, and for the same reason", async () => {
  const around = new AbortController();
  const work = within(30, around.signal, untilAborted);
  around.abort(new Error("stop"));
  await expect(work).rejects.toThrow("stop");
});

it("does not begin where the signal has aborted", async () => {
  const body = vi.fn();
  await expect(within(30, AbortSignal.abort(new Error("stop")), body)).rejects.toThrow("stop");
  expect(body).not.toHaveBeenCalled();
});

it("leaves nothing on the signal around it, and no timer", async () => {
  const { signal } = new AbortController();
  expect(await within(30, signal, async () => "done")).toBe("done");
  expect(getEventListeners(signal, "abort")).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});
