import { setMaxListeners } from "node:events";
import { KheadersError } from "../../shared/errors.js";

/**
 * Runs `body` with a signal of its own, which aborts with `signal`, and as `timed-out` after `seconds`, if they are not
 * Infinity; any number may listen to it. Nothing is left
 * on `signal` afterwards: it may outlive any number of these, where `AbortSignal.any` would keep something of each.
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
  const giveUp = () => {
    const hint = "A slow cable or device may need a longer --timeout.";
    controller.abort(new KheadersError("timed-out", `gave up after ${seconds} s`, { hint }));
  };
  const timer = Number.isFinite(seconds) ? setTimeout(giveUp, seconds * 1000) : undefined;
  try {
    return await body(controller.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}
