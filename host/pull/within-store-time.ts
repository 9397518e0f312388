import { KheadersError } from "../../shared/errors.js";
import type { ProgressListener } from "../../shared/progress.js";
import { storeErrors } from "./shared-store.js";

/** How long something with a store may take, and what is said if it fails. */
export interface StoreTime {
  readonly seconds: number;
  /** Is said before the reason. */
  readonly failed: string;
  readonly signal: AbortSignal;
  readonly onProgress: ProgressListener;
}

/**
 * Does something with a store within a time. What goes wrong there is a warning, for the store is a help: whatever it says
 * or does not say, the work goes on without it. Errors that are not the store's are thrown. At the end the signal aborts, so
 * that nothing is left waiting.
 */
export async function withinStoreTime<T>(
  { seconds, failed, signal, onProgress }: StoreTime,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const controller = new AbortController();
  const timer = setTimeout(
    () => controller.abort(new KheadersError("store-failed", `the store took more than ${seconds} s`)),
    seconds * 1000,
  );
  const abort = () => controller.abort(signal.reason);
  signal.addEventListener("abort", abort);
  try {
    signal.throwIfAborted();
    return await work(controller.signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof KheadersError) || !storeErrors.has(error.code)) throw error;
    const said = `${failed}: ${error.message.replace(/\.$/, "")}`;
    onProgress({ type: "warning", message: error.hint === undefined ? said : `${said}. ${error.hint}` });
    return undefined;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
    controller.abort();
  }
}
