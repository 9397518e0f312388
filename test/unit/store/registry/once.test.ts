import { expect, test, vi } from "vitest";
import { Once } from "../../../../host/store/registry/once.js";

/** Waits until the signal aborts, or forever. */
const abortOf = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

test("what several want is found out once", async () => {
  const find = vi.fn(async () => "found");
  const once = new Once(find);
  const { signal } = new AbortController();
  expect(await Promise.all([once.get(signal), once.get(signal)])).toEqual(["found", "found"]);
  expect(await once.get(signal)).toBe("found");
  expect(find).toHaveBeenCalledTimes(1);
});

test("where the first gives up, it is found out for the next", async () => {
  const first = new AbortController();
  const next = new AbortController();
  const once = new Once((signal) => (signal === first.signal ? abortOf(signal) : Promise.resolve("found")));
  const [given, found] = [once.get(first.signal), once.get(next.signal)];
  first.abort(new Error("given up"));
  await expect(given).rejects.toThrow("given up");
  expect(await found).toBe("found");
});

test("an error is told to all who wait, and not kept", async () => {
  const { signal } = new AbortController();
  const find = vi.fn(async () => "found").mockRejectedValueOnce(new Error("failed"));
  const once = new Once(find);
  const both = await Promise.allSettled([once.get(signal), once.get(signal)]);
  expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(await once.get(signal)).toBe("found");
});
