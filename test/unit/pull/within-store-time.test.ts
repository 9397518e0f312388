import { expect, test } from "vitest";
import { withinStoreTime } from "../../../host/pull/within-store-time.js";
import { KheadersError } from "../../../shared/errors.js";
import type { ProgressEvent } from "../../../shared/progress.js";

/** Does something with a store that has 60 s, and tells the warnings. */
async function tried<T>(
  work: (signal: AbortSignal) => Promise<T>,
  { seconds = 60, signal = new AbortController().signal } = {},
) {
  const warnings: string[] = [];
  const onProgress = (event: ProgressEvent) => {
    if (event.type === "warning") warnings.push(event.message);
  };
  const result = await withinStoreTime({ seconds, failed: "not used", signal, onProgress }, work);
  return { result, warnings };
}

test("what is done is given", async () => {
  expect(await tried(async () => 7)).toEqual({ result: 7, warnings: [] });
});

test("an error of the store is a warning, with what to do", async () => {
  const error = new KheadersError("store-denied", "no", { hint: "Log in." });
  expect(await tried(() => Promise.reject(error))).toEqual({
    result: undefined,
    warnings: ["not used: no. Log in."],
  });
});

test("time that is over is a warning", async () => {
  const { result, warnings } = await tried(
    (signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    { seconds: 0.01 },
  );
  expect({ result, warnings }).toEqual({
    result: undefined,
    warnings: [expect.stringContaining("more than 0.01 s")],
  });
});

test.each([
  ["of the cache", new KheadersError("disk-full", "full")],
  ["of the device", new KheadersError("device-lost", "lost")],
  ["that is a bug", new TypeError("bug")],
])("an error %s is thrown", async (_, error) => {
  await expect(tried(() => Promise.reject(error))).rejects.toBe(error);
});

test("whoever asked may stop it, before or while it runs", async () => {
  const controller = new AbortController();
  const stopped = new Error("stop");
  const waiting = tried(
    (signal) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(new KheadersError("store-failed", "cut")));
        controller.abort(stopped);
      }),
    { signal: controller.signal },
  );
  await expect(waiting).rejects.toBe(stopped);
  await expect(tried(async () => 1, { signal: controller.signal })).rejects.toBe(stopped);
});
