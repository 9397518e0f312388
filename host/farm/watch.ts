import { setTimeout as sleep } from "node:timers/promises";
import { KheadersError } from "../../shared/errors.js";
import { trackDevices } from "../adb/track.js";
import { within } from "./deadline.js";
import { type DeviceEvent, type WatchDeviceOptions, WatchedDevices } from "./watched-devices.js";

/** Which devices to watch, and how to pull from them. */
export interface WatchOptions extends Omit<WatchDeviceOptions, "onEvent"> {
  readonly onEvent: (event: WatchEvent) => void;
}

/** What happens. */
export type WatchEvent =
  /** The adb server's list of devices is followed; again after `server-lost`. */
  | { readonly type: "watching" }
  /** The adb server is gone, and is looked for until it is back. */
  | { readonly type: "server-lost"; readonly error: KheadersError }
  | DeviceEvent;

/** Pauses between attempts to reach a lost server, in milliseconds. */
const firstPause = 200;
const longestPause = 5_000;

/**
 * Follows the adb server's devices, and pulls from each that comes online or has rebooted. One that comes back in the same
 * boot is asked which boot that is, and nothing more. The server may go and come back; it is started where it is on this
 * machine.
 *
 * @throws the signal's reason when it aborts, once all conversations have ended and what they loaded is unloaded;
 * KheadersError `adb-not-found` or `adb-failed` where the server cannot be reached at first.
 */
export function watch(options: WatchOptions): Promise<never> {
  return within(Number.POSITIVE_INFINITY, options.signal, async (signal) => {
    const devices = new WatchedDevices({ ...options, signal });
    try {
      return await follow(devices, options, signal);
    } finally {
      await devices.close();
    }
  });
}

async function follow(devices: WatchedDevices, options: WatchOptions, signal: AbortSignal): Promise<never> {
  let hasWatched = false;
  let isWatching = false;
  let pause = firstPause;
  for (;;) {
    try {
      for await (const listed of trackDevices(options.server, signal)) {
        if (!isWatching) options.onEvent({ type: "watching" });
        isWatching = true;
        hasWatched = true;
        pause = firstPause;
        devices.update(listed);
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!hasWatched || !isServerLoss(error)) throw error;
      if (isWatching) options.onEvent({ type: "server-lost", error });
      isWatching = false;
      devices.update([]);
      await sleep(pause, undefined, { signal }).catch(() => signal.throwIfAborted());
      pause = Math.min(2 * pause, longestPause);
    }
  }
}

function isServerLoss(error: unknown): error is KheadersError {
  return error instanceof KheadersError && (error.code === "adb-failed" || error.code === "adb-not-found");
}
