import { KheadersError } from "../../shared/errors.js";
import { trackDevices } from "../adb/track.js";
import { completeSharedOptions, ignore, type Optional } from "../pull/options.js";
import { type Clock, machineClock, pause } from "./clock.js";
import { defaultTimeoutSeconds, within } from "./deadline.js";
import { type CommandEnd, type TreeCommand, TreeCommands } from "./tree-commands.js";
import { type DeviceEvent, type WatchDeviceOptions, WatchedDevices } from "./watched-devices.js";

/** Which devices to watch, how to pull from them, and what to do then. */
export interface WatchOptions extends Omit<WatchDeviceOptions, "onEvent"> {
  /** Is run for each tree that is new to its device. What it prints goes to standard error. */
  readonly exec?: TreeCommand | undefined;
  readonly onEvent: (event: WatchEvent) => void;
}

/** What happens. */
export type WatchEvent =
  /** The adb server's list of devices is followed; again after `server-lost`. */
  | { readonly type: "watching" }
  /** The adb server is gone. It is looked for until it is back. */
  | { readonly type: "server-lost"; readonly error: KheadersError }
  | DeviceEvent
  /** What `exec` names has ended for a device's tree. */
  | { readonly type: "command-ended"; readonly serial: string; readonly end: CommandEnd };

/** Seconds between attempts to reach a lost server. */
const firstPause = 0.2;
const maxPause = 5;

/**
 * Stays, and pulls from each device that comes online or has rebooted, by default from all. A device that comes back in the same boot is only
 * asked which boot that is. The adb server may go and come back; it is started if it is on this machine.
 *
 * @param clock is for tests.
 * @throws the signal's reason when it aborts, after all conversations have ended, what they loaded is unloaded, and the
 * commands that run have ended; KheadersError `adb-not-found` or `adb-failed` if the server cannot be reached at first.
 */
export async function watch(given: Optional<WatchOptions> = {}, clock: Clock = machineClock): Promise<never> {
  const options = await complete(given);
  const { exec, cache } = options;
  const commands =
    exec &&
    new TreeCommands(exec, cache, (serial, end) => options.onEvent({ type: "command-ended", serial, end }));
  const lastTrees = new Map<string, string>();
  const onEvent = (event: DeviceEvent) => {
    options.onEvent(event);
    if (event.type !== "pulled" || lastTrees.get(event.serial) === event.result.digest) return;
    lastTrees.set(event.serial, event.result.digest);
    commands?.start(event.serial, event.result);
  };
  return within(Number.POSITIVE_INFINITY, options.signal, async (signal) => {
    const devices = new WatchedDevices({ ...options, onEvent, signal }, clock);
    try {
      return await follow(devices, options, signal, clock);
    } finally {
      await Promise.all([devices.close(), commands?.close()]);
    }
  });
}

async function complete(given: Optional<WatchOptions>): Promise<WatchOptions> {
  return {
    ...(await completeSharedOptions(given)),
    devices: given.devices ?? {},
    timeoutSeconds: given.timeoutSeconds ?? defaultTimeoutSeconds,
    settleSeconds: given.settleSeconds ?? 1,
    root: given.root ?? "su",
    exec: given.exec,
    onEvent: given.onEvent ?? ignore,
  };
}

async function follow(
  devices: WatchedDevices,
  options: WatchOptions,
  signal: AbortSignal,
  clock: Clock,
): Promise<never> {
  let hasWatched = false;
  let isWatching = false;
  let seconds = firstPause;
  for (;;) {
    try {
      for await (const listed of trackDevices(options.server, signal)) {
        if (!isWatching) options.onEvent({ type: "watching" });
        isWatching = true;
        hasWatched = true;
        seconds = firstPause;
        devices.update(listed);
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!hasWatched || !isServerLoss(error)) throw error;
      if (isWatching) options.onEvent({ type: "server-lost", error });
      isWatching = false;
      devices.update([]);
      await pause(clock, seconds, signal);
      signal.throwIfAborted();
      seconds = Math.min(2 * seconds, maxPause);
    }
  }
}

function isServerLoss(error: unknown): error is KheadersError {
  return error instanceof KheadersError && (error.code === "adb-failed" || error.code === "adb-not-found");
}
