import { setTimeout as sleep } from "node:timers/promises";
import { KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import { connectToDevice, type Device, listDevices } from "./devices.js";
import type { AdbServer } from "./server.js";

const pollMilliseconds = 100;
/** adbd answers before it restarts; some transports never show that it was away. */
const longestLeaveMilliseconds = 5_000;
/** What was begun is brought to an end even when the user has lost patience, but not for longer than this. */
const patienceMilliseconds = 15_000;

/** adbd as root for the time of a work: this ends other people's sessions on the device. */
export class RootAdbd {
  readonly #server: AdbServer;
  readonly #before: Device;
  readonly #restarted: boolean;
  #hasComeBack = false;

  private constructor(server: AdbServer, before: Device, restarted: boolean) {
    this.#server = server;
    this.#before = before;
    this.#restarted = restarted;
  }

  /**
   * Has adbd restart as root, as `adb root` does; where it is root already it stays as it is. From here on `putBack` must
   * follow, whatever happens: so this cannot be interrupted.
   *
   * @throws KheadersError `root-refused` on production builds, `device-lost`, `timed-out`.
   */
  static async restart(server: AdbServer, device: Device): Promise<RootAdbd> {
    const answer = await askAdbd(server, device, "root:", patience());
    const wasRoot = /already running as root/.test(answer);
    if (!wasRoot && !/restarting/.test(answer)) {
      throw new KheadersError(
        "root-refused",
        `adb root: ${printable(answer.trim()) || "the device refused"}`,
        {
          hint: "Only userdebug and eng builds can restart adbd as root; on others use su.",
        },
      );
    }
    return new RootAdbd(server, device, !wasRoot);
  }

  /** The device as it came back. @throws the signal's reason while waiting for it. */
  async device(signal: AbortSignal): Promise<Device> {
    if (!this.#restarted) return this.#before;
    if (this.#hasComeBack) return comeBack(this.#server, this.#before.serial, () => true, signal);
    const device = await afterRestart(this.#server, this.#before, signal);
    this.#hasComeBack = true;
    return device;
  }

  /**
   * Restarts adbd as the shell user, as `adb unroot` does, and waits until it is back, if it was restarted.
   *
   * @throws KheadersError `device-lost`, `timed-out`.
   */
  async putBack(): Promise<void> {
    if (!this.#restarted) return;
    const signal = patience();
    const device = await this.device(signal);
    const answer = await askAdbd(this.#server, device, "unroot:", signal);
    if (/restarting/.test(answer)) await afterRestart(this.#server, device, signal);
  }
}

function patience(): AbortSignal {
  const controller = new AbortController();
  const seconds = patienceMilliseconds / 1000;
  const impatience = new KheadersError("timed-out", `adbd did not come back within ${seconds} s`);
  setTimeout(() => controller.abort(impatience), patienceMilliseconds).unref();
  return controller.signal;
}

/** The services `root:` and `unroot:` answer with a sentence and close (AOSP packages/modules/adb/daemon/restart_service.cpp). */
async function askAdbd(
  server: AdbServer,
  device: Device,
  service: string,
  signal: AbortSignal,
): Promise<string> {
  const connection = await connectToDevice(server, device, signal);
  try {
    return await connection.readAnswer(service);
  } finally {
    connection.close();
  }
}

/** Waits until the device has left and come back. */
async function afterRestart(server: AdbServer, before: Device, signal: AbortSignal): Promise<Device> {
  const leaving = Date.now();
  let hasLeft = false;
  const isBack = (now: Device | undefined) => {
    hasLeft ||= now?.state !== "device" || now.transportId !== before.transportId;
    return hasLeft || Date.now() - leaving > longestLeaveMilliseconds;
  };
  return comeBack(server, before.serial, isBack, signal);
}

/** Waits until the device can be used and `isBack` agrees, which hears of it each time that it is looked for. */
async function comeBack(
  server: AdbServer,
  serial: string,
  isBack: (now: Device | undefined) => boolean,
  signal: AbortSignal,
): Promise<Device> {
  for (;;) {
    const now = (await listDevices(server, signal)).find((device) => device.serial === serial);
    if (isBack(now) && now?.state === "device") return now;
    await sleep(pollMilliseconds, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
