import { setTimeout as sleep } from "node:timers/promises";
import { KheadersError } from "../../shared/errors.js";
import { chooseDevice, type Device, type DeviceChoice, listDevices } from "./devices.js";
import type { AdbServer } from "./server.js";

const pollMilliseconds = 250;

/** What may pass while a device boots; anything else ends the wait at once. */
const passing: ReadonlySet<string> = new Set([
  "no-device",
  "unknown-serial",
  "device-offline",
  "device-unusable",
  "device-unauthorized",
]);

/** How long to wait for devices, and what to do meanwhile. */
export interface WaitOptions {
  /** 0 for not at all, Infinity for as long as the signal lets us. */
  readonly waitSeconds: number;
  /** Called once when waiting begins. */
  readonly onWait: () => void;
  readonly signal: AbortSignal;
}

/**
 * Finds the device that the user means, and waits for it where asked to.
 *
 * @throws KheadersError as {@link chooseDevice} and {@link listDevices} do.
 */
export async function findDevice(
  server: AdbServer,
  choice: DeviceChoice,
  options: WaitOptions,
): Promise<Device> {
  return waitForDevices(server, (devices) => chooseDevice(devices, choice), options);
}

/**
 * Lists the devices until `choose` finds among them what it wants.
 *
 * @param choose throws what is to be told when the time is over.
 * @throws KheadersError as `choose` and {@link listDevices} do.
 */
export async function waitForDevices<T>(
  server: AdbServer,
  choose: (devices: readonly Device[]) => T,
  options: WaitOptions,
): Promise<T> {
  const deadline = Date.now() + options.waitSeconds * 1000;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return choose(await listDevices(server, options.signal));
    } catch (error) {
      if (!(error instanceof KheadersError) || !passing.has(error.code) || Date.now() >= deadline)
        throw error;
      if (attempt === 0) options.onWait();
      await sleep(pollMilliseconds, undefined, { signal: options.signal }).catch(() =>
        options.signal.throwIfAborted(),
      );
    }
  }
}
