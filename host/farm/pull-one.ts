import { asKheadersError, type KheadersError } from "../../shared/errors.js";
import type { ProgressListener } from "../../shared/progress.js";
import { findDevice } from "../adb/wait.js";
import { withConversation } from "../agent/with-conversation.js";
import type { PullOptions } from "../pull/options.js";
import { pull } from "../pull/pull.js";
import type { PullResult } from "../pull/result.js";
import { within } from "./deadline.js";
import { matchesKernel, needsKernel, type Pattern } from "./match.js";
import type { Selection, Target } from "./selection.js";

/** How to pull from each of many devices. */
export interface PullOneOptions extends Omit<PullOptions, "choice" | "root" | "onProgress"> {
  readonly devices: Selection;
  /** Seconds for each device, from when its pull starts. */
  readonly timeoutSeconds: number;
  /** Never `adb`: restarting adbd would end other people's sessions on many devices at once. */
  readonly root: "su" | "never";
}

/** How a device's pull ended. */
export type DeviceOutcome =
  | { readonly serial: string; readonly result: PullResult; readonly error?: undefined }
  | { readonly serial: string; readonly error: KheadersError; readonly result?: undefined };

/** Pulls from one of several devices. Any error is its outcome; there is none if its kernel does not match. */
export async function pullOne(
  target: Target,
  options: PullOneOptions,
  onProgress: ProgressListener,
): Promise<DeviceOutcome | undefined> {
  const { serial, choice } = target;
  const patterns = (options.devices.serials === undefined && options.devices.match) || [];
  try {
    return await within(options.timeoutSeconds, options.signal, async (signal) => {
      const limited = { ...options, signal };
      if (needsKernel(patterns) && !(await runsMatching(target, patterns, limited))) return undefined;
      return { serial, result: await pull({ ...limited, choice, onProgress }) };
    });
  } catch (error) {
    return { serial, error: asKheadersError(error) };
  }
}

async function runsMatching(
  target: Target,
  patterns: readonly Pattern[],
  options: Pick<PullOneOptions, "server" | "stallSeconds" | "signal">,
): Promise<boolean> {
  const { server, signal } = options;
  const never = { waitSeconds: 0, onWait: () => undefined, signal };
  const device = await findDevice(server, target.choice, never);
  return withConversation(device, options, async ({ hello }) => matchesKernel(patterns, hello));
}
