import { setTimeout as sleep } from "node:timers/promises";
import { KheadersError } from "../../shared/errors.js";
import { chooseDevice } from "./choose.js";
import { type Device, type DeviceChoice, listDevices } from "./devices.js";
import type { AdbServer } from "./server.js";

const pollMilliseconds = 250;

/** Errors that may pass while a device boots; any other ends the wait at once. */
const passingErrors: ReadonlySet<string> = new Set([
  "no-device",
  "unknown-serial",
  "device-offline",
  "device-unusable",
  "device-unauthorized",
]);

/** How long to wait for devices. */
export interface WaitOptions {
  /** 0 not to wait, Infinity to wait until the signal aborts. */
  readonly waitSeconds: number;
  /** Called once when waiting begins. */
  readonly onWait: () => void;
  readonly signal: AbortSignal;
}

/** Finds the device that the user means, and waits for it if asked to. */
export async function findDevice(
  server: AdbServer,
  choice: DeviceChoice,
  options: WaitOptions,
): Promise<Device> {
  return waitForDevices(server, (devices) => chooseDevice(server, devices, choice, options.signal), options);
}

/**
 * Lists the devices until `choose` finds what it looks for.
 *
 * @param choose throws the error that ends the wait when the time is up.
 */
export async function waitForDevices<T>(
  server: AdbServer,
  choose: (devices: readonly Device[]) => T | Promise<T>,
  options: WaitOptions,
): Promise<T> {
  const deadline = Date.now() + options.waitSeconds * 1000;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await choose(await listDevices(server, options.signal));
    } catch (error) {
      if (!(error instanceof KheadersError) || !passingErrors.has(error.code) || Date.now() >= deadline)
        throw error;
      if (attempt === 0) options.onWait();
      await sleep(pollMilliseconds, undefined, { signal: options.signal }).catch(() =>
        options.signal.throwIfAborted(),
      );
    }
  }
}
