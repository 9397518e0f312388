import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Window } from "../../../../host/archive/xz/window.js";

/** Whether a promise is settled once everything that can happen by itself has happened. */
async function isSettled(promise: Promise<void>): Promise<boolean> {
  let settled = false;
  void promise.then(() => {
    settled = true;
  });
  await setImmediate();
  return settled;
}

describe("a window of ten bytes", () => {
  it("lets the sender go on below ten, and wait from there on", async () => {
    const window = new Window(10);
    expect(await isSettled(window.add(9))).toBe(true);
    const waiting = window.add(1);
    expect(await isSettled(waiting)).toBe(false);
    window.release(1);
    expect(await isSettled(waiting)).toBe(true);
  });

  it("lets everything through once it is open", async () => {
    const window = new Window(10);
    const waiting = window.add(100);
    window.open();
    expect(await isSettled(waiting)).toBe(true);
    expect(await isSettled(window.add(1_000))).toBe(true);
  });
});
