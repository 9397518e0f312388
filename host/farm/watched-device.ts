import { setTimeout as sleep } from "node:timers/promises";
import type { KheadersError } from "../../shared/errors.js";
import { exitStatusOf } from "../../shared/errors.js";
import type { ProgressEvent } from "../../shared/progress.js";
import type { Device } from "../adb/devices.js";
import type { PullResult } from "../pull/pull.js";
import { type PullOneOptions, pullOne } from "./pull-one.js";
import { whyUnusable } from "./selection.js";

/** How to watch a device. */
export interface WatchDeviceOptions
  extends Omit<PullOneOptions, "waitSeconds" | "refresh" | "offline" | "keepLoaded"> {
  /** Seconds for which a device must stay as it is before that counts: devices flap while they boot. */
  readonly settleSeconds: number;
  readonly onEvent: (event: DeviceEvent) => void;
}

/** What happens to a device. */
export type DeviceEvent =
  | { readonly type: "connected"; readonly serial: string }
  | { readonly type: "disconnected"; readonly serial: string }
  /** It is connected, but offline, unauthorized, or the like. */
  | { readonly type: "unusable"; readonly serial: string; readonly error: KheadersError }
  | { readonly type: "progress"; readonly serial: string; readonly event: ProgressEvent }
  /** It runs a kernel whose headers are there. Once a boot. */
  | { readonly type: "pulled"; readonly serial: string; readonly result: PullResult }
  /** It is tried again after `retrySeconds`, or where they are undefined once it has come back. */
  | {
      readonly type: "failed";
      readonly serial: string;
      readonly error: KheadersError;
      readonly retrySeconds: number | undefined;
    };

/** Seconds until a failure that may pass is tried again; then as the last one. */
const retries = [10, 60, 300];

/** One device that comes and goes: what it was last told to be, and the work on it. */
export class WatchedDevice {
  readonly #serial: string;
  readonly #options: WatchDeviceOptions;
  /** As it was listed last. */
  #listed: Device | undefined;
  /** Runs while it has not yet stayed as it was listed. */
  #settling: NodeJS.Timeout | undefined;
  #told: "connected" | "unusable" | undefined;
  #work: AbortController | undefined;
  #ended: Promise<void> = Promise.resolve();
  #last: PullResult | undefined;

  constructor(serial: string, options: WatchDeviceOptions) {
    this.#serial = serial;
    this.#options = options;
  }

  /** Takes in how the adb server lists it now; undefined: not at all. */
  see(device: Device | undefined): void {
    if (device?.transportId === this.#listed?.transportId && device?.state === this.#listed?.state) return;
    this.#listed = device;
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.#settle(), this.#options.settleSeconds * 1000);
  }

  /** Ends the work on it, and waits until that has ended. */
  async close(): Promise<void> {
    clearTimeout(this.#settling);
    this.#work?.abort();
    await this.#ended;
  }

  /** It has stayed as it is, after a change: even where it is listed as before, it was away. */
  #settle(): void {
    this.#settling = undefined;
    this.#work?.abort();
    this.#work = undefined;
    const serial = this.#serial;
    const error = this.#listed && whyUnusable(this.#listed);
    if (this.#listed === undefined) {
      if (this.#told !== undefined) this.#options.onEvent({ type: "disconnected", serial });
      this.#told = undefined;
    } else if (error !== undefined) {
      this.#options.onEvent({ type: "unusable", serial, error });
      this.#told = "unusable";
    } else {
      if (this.#told !== "connected") this.#options.onEvent({ type: "connected", serial });
      this.#told = "connected";
      const work = new AbortController();
      this.#work = work;
      this.#ended = this.#ended.then(() => this.#pull(work.signal));
    }
  }

  /** Pulls until it succeeds or is of no use. Never throws: what goes wrong is told. */
  async #pull(signal: AbortSignal): Promise<void> {
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      const outcome = await this.#pullOnce(signal);
      if (outcome === undefined || signal.aborted) return;
      if (outcome.result !== undefined) {
        this.#pulled(outcome.result);
        return;
      }
      // A device that goes away is told so, and not that its pull failed: its list entry may come later than the error.
      if (!(await pause(this.#options.settleSeconds, signal)) || this.#settling !== undefined) return;
      const mayPass = outcome.error.exitStatus === exitStatusOf["device-lost"];
      const retrySeconds = mayPass ? (retries[attempt] ?? retries.at(-1)) : undefined;
      this.#options.onEvent({ type: "failed", serial: this.#serial, error: outcome.error, retrySeconds });
      if (retrySeconds === undefined || !(await pause(retrySeconds, signal))) return;
    }
  }

  #pullOnce(signal: AbortSignal): ReturnType<typeof pullOne> {
    const serial = this.#serial;
    const always = { waitSeconds: 0, refresh: false, offline: false, keepLoaded: false };
    return pullOne({ serial, choice: { serial } }, { ...this.#options, ...always, signal }, (event) =>
      this.#options.onEvent({ type: "progress", serial, event }),
    );
  }

  #pulled(result: PullResult): void {
    const last = this.#last;
    this.#last = result;
    const isKnown =
      result.cache === "hit" && last?.digest === result.digest && last.kernel.bootId === result.kernel.bootId;
    if (!isKnown) this.#options.onEvent({ type: "pulled", serial: this.#serial, result });
  }
}

/** Waits. @returns false when the signal has aborted. */
async function pause(seconds: number, signal: AbortSignal): Promise<boolean> {
  // The only reason to reject is the signal, which is asked next.
  await sleep(seconds * 1000, undefined, { signal }).catch(() => undefined);
  return !signal.aborted;
}
