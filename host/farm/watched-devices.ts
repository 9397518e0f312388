import type { Device } from "../adb/devices.js";
import type { Clock } from "./clock.js";
import { isSelected } from "./selection.js";
import { type WatchDeviceOptions, WatchedDevice } from "./watched-device.js";

export type { DeviceEvent, WatchDeviceOptions } from "./watched-device.js";

/** The devices of an adb server, as they come and go. */
export class WatchedDevices {
  readonly #options: WatchDeviceOptions;
  readonly #clock: Clock;
  readonly #devices = new Map<string, WatchedDevice>();

  constructor(options: WatchDeviceOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  /** Takes the server's list of devices as it is now. */
  update(listed: readonly Device[]): void {
    const selected = listed.filter((device) => isSelected(device, this.#options.devices));
    for (const { serial } of selected) {
      if (this.#devices.has(serial)) continue;
      this.#devices.set(serial, new WatchedDevice(serial, this.#options, this.#clock));
    }
    for (const [serial, watched] of this.#devices) {
      const connections = selected.filter((device) => device.serial === serial);
      watched.see(connections.find(({ state }) => state === "device") ?? connections[0]);
    }
  }

  /** Ends all work, and waits until it has ended. */
  async close(): Promise<void> {
    await Promise.all(Array.from(this.#devices.values(), (device) => device.close()));
  }
}
