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

/**
 * Finds the device that the user means, and waits for it where asked to.
 *
 * @param waitSeconds how long to wait for it; 0 for not at all, Infinity for as long as the signal lets us.
 * @param onWait called once when waiting begins.
 * @throws KheadersError as {@link chooseDevice} and {@link listDevices} do.
 */
export async function findDevice(
  server: AdbServer,
  choice: DeviceChoice,
  options: { readonly waitSeconds: number; readonly onWait: () => void; readonly signal: AbortSignal },
): Promise<Device> {
  const deadline = Date.now() + options.waitSeconds * 1000;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return chooseDevice(await listDevices(server, options.signal), choice);
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
