import { setMaxListeners } from "node:events";
import { KheadersError } from "../../shared/errors.js";

/** Seconds for one command, or for one of several devices. */
export const defaultTimeoutSeconds = 300;

/**
 * Runs `body` with a signal of its own. It aborts with `signal`, and as `timed-out` after `seconds` unless they are
 * Infinity; there is no limit to its listeners. Nothing of it stays on `signal`, which may live for very long:
 * `AbortSignal.any` would leave something behind at each call.
 */
export async function within<T>(
  seconds: number,
  signal: AbortSignal,
  body: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  const abort = () => controller.abort(signal.reason);
  signal.addEventListener("abort", abort);
  const giveUp = () => controller.abort(timedOut(seconds));
  const timer = Number.isFinite(seconds) ? setTimeout(giveUp, seconds * 1000) : undefined;
  try {
    return await body(controller.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}

/** The error of work that took longer than it may. */
export function timedOut(seconds: number): KheadersError {
  return new KheadersError("timed-out", `gave up after ${seconds} s`, {
    hint: "A slow cable or device may need a longer --timeout.",
  });
}
