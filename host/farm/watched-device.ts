import type { KheadersError } from "../../shared/errors.js";
import { exitStatusOf } from "../../shared/errors.js";
import type { ProgressEvent } from "../../shared/progress.js";
import type { Device } from "../adb/devices.js";
import type { PullResult } from "../pull/result.js";
import { type Clock, pause } from "./clock.js";
import { type PullOneOptions, pullOne } from "./pull-one.js";
import { whyUnusable } from "./selection.js";

/** How to watch a device. */
export interface WatchDeviceOptions
  extends Omit<PullOneOptions, "waitSeconds" | "refresh" | "offline" | "keepLoaded"> {
  /** Seconds for which a device must not change before its state counts: devices come and go while they boot. */
  readonly settleSeconds: number;
  readonly onEvent: (event: DeviceEvent) => void;
}

/** What happens to a device. */
export type DeviceEvent =
  | { readonly type: "connected"; readonly serial: string }
  | { readonly type: "disconnected"; readonly serial: string }
  /** It is connected, but offline, unauthorized or the like. */
  | { readonly type: "unusable"; readonly serial: string; readonly error: KheadersError }
  | { readonly type: "progress"; readonly serial: string; readonly event: ProgressEvent }
  /** The headers of its kernel are there. Once a boot. */
  | { readonly type: "pulled"; readonly serial: string; readonly result: PullResult }
  /** It is tried again after `retrySeconds`; if they are undefined, when it comes back. */
  | {
      readonly type: "failed";
      readonly serial: string;
      readonly error: KheadersError;
      readonly retrySeconds: number | undefined;
    };

/** Seconds until a pull that failed for a passing reason is tried again; the last one repeats. */
const retries = [10, 60, 300];

/** One device that comes and goes: what was last reported of it, and the work on it. */
export class WatchedDevice {
  readonly #serial: string;
  readonly #options: WatchDeviceOptions;
  readonly #clock: Clock;
  /** As the adb server listed it last. */
  #listed: Device | undefined;
  /** Cancels the wait that runs while it may still change. */
  #cancelSettling: (() => void) | undefined;
  #reported: "connected" | "unusable" | undefined;
  #work: AbortController | undefined;
  #ended: Promise<void> = Promise.resolve();
  #last: PullResult | undefined;

  constructor(serial: string, options: WatchDeviceOptions, clock: Clock) {
    this.#serial = serial;
    this.#options = options;
    this.#clock = clock;
  }

  /** Takes in how the adb server lists it now; undefined: not at all. */
  see(device: Device | undefined): void {
    if (device?.transportId === this.#listed?.transportId && device?.state === this.#listed?.state) return;
    this.#listed = device;
    this.#cancelSettling?.();
    this.#cancelSettling = this.#clock.after(this.#options.settleSeconds, () => this.#settle());
  }

  /** Ends the work on it, and waits until that has ended. */
  async close(): Promise<void> {
    this.#cancelSettling?.();
    this.#work?.abort();
    await this.#ended;
  }

  /** It has changed, and has not changed again. Even if it is listed as before, it was away. */
  #settle(): void {
    this.#cancelSettling = undefined;
    this.#work?.abort();
    this.#work = undefined;
    const serial = this.#serial;
    const error = this.#listed && whyUnusable(this.#listed);
    if (this.#listed === undefined) {
      if (this.#reported !== undefined) this.#options.onEvent({ type: "disconnected", serial });
      this.#reported = undefined;
    } else if (error !== undefined) {
      this.#options.onEvent({ type: "unusable", serial, error });
      this.#reported = "unusable";
    } else {
      if (this.#reported !== "connected") this.#options.onEvent({ type: "connected", serial });
      this.#reported = "connected";
      const work = new AbortController();
      this.#work = work;
      this.#ended = this.#ended.then(() => this.#pull(work.signal));
    }
  }

  /** Pulls until that succeeds or another try is of no use. Never throws: errors are events. */
  async #pull(signal: AbortSignal): Promise<void> {
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      const outcome = await this.#pullOnce(signal);
      if (outcome === undefined || signal.aborted) return;
      if (outcome.result !== undefined) {
        this.#pulled(outcome.result);
        return;
      }
      // A device that goes away is reported as disconnected, not as failed: the error may come before the list.
      if (!(await this.#pause(this.#options.settleSeconds, signal)) || this.#cancelSettling) return;
      const mayPass = outcome.error.exitStatus === exitStatusOf["device-lost"];
      const retrySeconds = mayPass ? (retries[attempt] ?? retries.at(-1)) : undefined;
      this.#options.onEvent({ type: "failed", serial: this.#serial, error: outcome.error, retrySeconds });
      if (retrySeconds === undefined || !(await this.#pause(retrySeconds, signal))) return;
    }
  }

  #pullOnce(signal: AbortSignal): ReturnType<typeof pullOne> {
    const serial = this.#serial;
    const always = { waitSeconds: 0, refresh: false, offline: false, keepLoaded: false };
    return pullOne({ serial, choice: { serial } }, { ...this.#options, ...always, signal }, (event) =>
      this.#options.onEvent({ type: "progress", serial, event }),
    );
  }

  #pause(seconds: number, signal: AbortSignal): Promise<boolean> {
    return pause(this.#clock, seconds, signal);
  }

  #pulled(result: PullResult): void {
    const last = this.#last;
    this.#last = result;
    const isKnown =
      result.cache === "hit" && last?.digest === result.digest && last.kernel.bootId === result.kernel.bootId;
    if (!isKnown) this.#options.onEvent({ type: "pulled", serial: this.#serial, result });
  }
}
