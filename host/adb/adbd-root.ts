import { setTimeout as sleep } from "node:timers/promises";
import { KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import type { ProgressListener } from "../../shared/progress.js";
import { connectToDevice, type Device, listDevices } from "./devices.js";
import type { AdbServer } from "./server.js";

/** How a device may become root: by su, by restarting adbd (`adb root`), or not at all. */
export type RootMode = "su" | "adb" | "never";

/** How long to wait for what adbd does when it restarts, in milliseconds. */
export interface RestartTimes {
  readonly poll: number;
  /** What was begun is brought to an end even if the user has given up, but not for longer than this. */
  readonly answer: number;
  /** adbd answers before it restarts; some transports never show that it was away. */
  readonly leave: number;
  /** A device that comes back over USB is listed anew within a few seconds. */
  readonly back: number;
  /** For this long a new device may be another one; after it, it is told as the one that came back elsewhere. */
  readonly elsewhere: number;
}

const restartTimes: RestartTimes = {
  poll: 100,
  answer: 15_000,
  leave: 5_000,
  back: 15_000,
  elsewhere: 5_000,
};

export interface AdbdRootOptions {
  readonly server: AdbServer;
  readonly root: RootMode;
  readonly signal: AbortSignal;
  readonly onProgress: ProgressListener;
  /** Tests shorten them. */
  readonly times?: RestartTimes;
}

/**
 * Works with a device. If that fails because it needs root, and `adb root` is allowed, works with it once more while adbd
 * runs as root; adbd is put back afterwards, whatever comes of the work.
 */
export async function withAdbdRoot<T>(
  device: Device,
  options: AdbdRootOptions,
  work: (device: Device) => Promise<T>,
): Promise<T> {
  const { root, signal, onProgress } = options;
  try {
    return await work(device);
  } catch (error) {
    const needsRoot = error instanceof KheadersError && error.code === "needs-root";
    if (!needsRoot || root !== "adb") throw error;
  }
  signal.throwIfAborted();
  onProgress({ type: "stage", stage: "restarting-adbd" });
  const adbd = await RootAdbd.restart(device, options);
  try {
    return await work(await adbd.device(signal));
  } finally {
    onProgress({ type: "stage", stage: "restarting-adbd" });
    await adbd.putBack().catch((error: Error) => {
      const message = `adbd may still run as root (${error.message}); put it back with: adb unroot`;
      onProgress({ type: "warning", message });
    });
  }
}

/** adbd as root for a while: restarting it ends other people's sessions on the device. */
class RootAdbd {
  readonly #server: AdbServer;
  readonly #times: RestartTimes;
  readonly #before: Device;
  readonly #restarted: boolean;
  /** The serials that were listed before. */
  readonly #known: ReadonlySet<string>;
  #state: "restarting" | "back" | "lost" = "restarting";

  private constructor(
    server: AdbServer,
    times: RestartTimes,
    before: Device,
    known: ReadonlySet<string>,
    restarted: boolean,
  ) {
    this.#server = server;
    this.#times = times;
    this.#before = before;
    this.#known = known;
    this.#restarted = restarted;
  }

  /**
   * Has adbd restart as root, as `adb root` does; if it is root already, it stays as it is. `putBack` must follow, so this
   * cannot be interrupted.
   */
  static async restart(device: Device, { server, times = restartTimes }: AdbdRootOptions): Promise<RootAdbd> {
    const signal = afterMilliseconds(times.answer);
    const known = new Set((await listDevices(server, signal)).map(({ serial }) => serial));
    const answer = await askAdbd(server, device, "root:", signal);
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
    return new RootAdbd(server, times, device, known, !wasRoot);
  }

  /** The device as it came back. */
  async device(signal: AbortSignal): Promise<Device> {
    if (!this.#restarted) return this.#before;
    const hasLeft = this.#state === "back";
    return this.#comeBack(this.#before, hasLeft, signal);
  }

  /** Restarts adbd as the shell user, as `adb unroot` does, and waits until it is back. */
  async putBack(): Promise<void> {
    if (!this.#restarted) return;
    if (this.#state === "lost") throw new Error(`${printable(this.#before.serial)} did not come back`);
    const signal = afterMilliseconds(this.#times.answer + 2 * this.#times.back);
    const device = await this.device(signal);
    const answer = await askAdbd(this.#server, device, "unroot:", signal);
    if (/restarting/.test(answer)) await this.#comeBack(device, false, signal);
  }

  /** Waits until the device has left, unless it has already, and can be used again. */
  async #comeBack(before: Device, hasLeftBefore: boolean, signal: AbortSignal): Promise<Device> {
    const { poll, leave, back, elsewhere } = this.#times;
    let hasLeft = hasLeftBefore;
    const start = performance.now();
    for (;;) {
      const listed = await listDevices(this.#server, signal);
      const now = listed.find(({ serial }) => serial === before.serial);
      const waited = performance.now() - start;
      hasLeft ||= now?.state !== "device" || now.transportId !== before.transportId || waited > leave;
      if (hasLeft && now?.state === "device") {
        this.#state = "back";
        return now;
      }
      const stranger = now === undefined ? listed.find(({ serial }) => !this.#known.has(serial)) : undefined;
      if (hasLeft && (waited > back || (stranger !== undefined && waited > elsewhere))) {
        this.#state = "lost";
        throw gone(before, now, stranger, waited);
      }
      await sleep(poll, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }
}

function afterMilliseconds(milliseconds: number): AbortSignal {
  const controller = new AbortController();
  const error = new KheadersError("timed-out", `adbd did not answer within ${milliseconds / 1000} s`);
  setTimeout(() => controller.abort(error), milliseconds).unref();
  return controller.signal;
}

/** The error for a device that does not come back as it was. */
function gone(
  before: Device,
  now: Device | undefined,
  stranger: Device | undefined,
  milliseconds: number,
): KheadersError {
  const serial = printable(before.serial);
  const seconds = Math.round(milliseconds / 1000);
  if (stranger !== undefined) {
    const other = printable(stranger.serial);
    return new KheadersError(
      "device-lost",
      `${serial} did not come back after adbd restarted, but ${other} appeared`,
      {
        hint: `If that is the same device at a new address, run the command again with: -s ${other}`,
      },
    );
  }
  const how = now === undefined ? "did not come back" : `was still ${printable(now.state)}`;
  return new KheadersError("device-lost", `${serial} ${how} ${seconds} s after adbd restarted`, {
    hint: "Over the network, connect it again (adb connect HOST:PORT); its port may have changed. See: adb devices",
  });
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
