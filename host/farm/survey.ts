import { KheadersError } from "../../shared/errors.js";
import type { KernelIdentity } from "../../shared/identity.js";
import { assertUsable, type Device, listDevices } from "../adb/devices.js";
import type { AdbServer } from "../adb/server.js";
import { withConversation } from "../agent/with-conversation.js";
import type { Cache } from "../cache/index.js";
import type { KernelConfig } from "../kernel/config.js";
import { readKernelFacts } from "../kernel/facts.js";
import { type Headers, headersOf } from "../pull/headers-offer.js";
import { type ImportAdvice, importAdvice } from "../pull/import-advice.js";
import { completeSharedOptions, type Optional } from "../pull/options.js";

/** What is known of one connected device. Its kernel is unknown where it could not be asked; `problem` says why. */
export interface DeviceReport {
  readonly serial: string;
  readonly state: string;
  readonly model: string | undefined;
  readonly kernel: KernelIdentity | undefined;
  readonly headers: Headers | undefined;
  /** Whether a pull would be a hit: undefined where only root could tell. */
  readonly cached: boolean | undefined;
  /** Where the headers of a kernel that is not cached can be had without root; undefined if its release names no public build. */
  readonly importable: ImportAdvice | undefined;
  readonly problem: KheadersError | undefined;
}

/** Seconds for a device's answer: it must not hold up the others. */
export const defaultAnswerSeconds = 15;

export interface SurveyOptions {
  readonly server: AdbServer;
  readonly cache: Cache;
  readonly stallSeconds: number;
  /** Longest time for one device, in seconds. */
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
  readonly onEvent: (event: SurveyEvent) => void;
}

/** What a survey tells meanwhile. */
export type SurveyEvent =
  /** The devices that are asked now. */
  | { readonly type: "asked"; readonly devices: readonly SurveyedDevice[] }
  | { readonly type: "answered"; readonly device: SurveyedDevice; readonly report: DeviceReport };

/** A device that is asked: the same object in all events. */
export interface SurveyedDevice {
  readonly serial: string;
}

/**
 * Asks every connected device which kernel it runs and how it offers its headers. Loads nothing and never asks su.
 *
 * @throws KheadersError `adb-not-found` or `adb-failed`; what goes wrong with one device is in its report.
 */
export async function survey(given: Optional<SurveyOptions> = {}): Promise<DeviceReport[]> {
  const timeoutSeconds = given.timeoutSeconds ?? defaultAnswerSeconds;
  const { onEvent = () => undefined } = given;
  const options = { ...(await completeSharedOptions(given)), timeoutSeconds, onEvent };
  const devices = await listDevices(options.server, options.signal);
  onEvent({ type: "asked", devices });
  return Promise.all(
    devices.map(async (device) => {
      const report = await surveyDevice(device, options);
      onEvent({ type: "answered", device, report });
      return report;
    }),
  );
}

async function surveyDevice(device: Device, options: SurveyOptions): Promise<DeviceReport> {
  const { serial, state, model } = device;
  const unknown = {
    serial,
    state,
    model,
    kernel: undefined,
    headers: undefined,
    cached: undefined,
    importable: undefined,
  };
  const timeout = AbortSignal.timeout(options.timeoutSeconds * 1000);
  const signal = AbortSignal.any([options.signal, timeout]);
  try {
    assertUsable(device);
    return await withConversation(device, { ...options, signal }, async (conversation) => {
      const facts = readKernelFacts(await conversation.facts());
      const { configDigest, buildId } = facts;
      const { uid: _, ...hello } = conversation.hello;
      const kernel: KernelIdentity = { ...hello, configDigest, buildId };
      const headers = headersOf(await conversation.headers(), facts.config);
      const cached = isCached(options.cache, serial, kernel, facts.config);
      const importable = cached === true ? undefined : importAdvice(kernel, facts.config, serial);
      return { serial, state, model, kernel, headers, cached, importable, problem: undefined };
    });
  } catch (error) {
    options.signal.throwIfAborted();
    if (timeout.aborted) {
      const problem = new KheadersError("timed-out", `did not answer within ${options.timeoutSeconds} s`);
      return { ...unknown, problem };
    }
    if (!(error instanceof KheadersError)) throw error;
    return { ...unknown, problem: error };
  }
}

function isCached(
  cache: Cache,
  serial: string,
  kernel: KernelIdentity,
  config: KernelConfig | undefined,
): boolean | undefined {
  const { outcome } = cache.serving(kernel, serial, {
    asked: "facts",
    rootPossible: true,
    trustRelease: false,
    config,
  });
  if (outcome === "ask-root") return undefined;
  return outcome === "hit";
}
