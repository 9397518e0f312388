import { asKheadersError, type KheadersError } from "../../shared/errors.js";
import type { ProgressListener } from "../../shared/progress.js";
import { connectToDevice } from "../adb/devices.js";
import { findDevice } from "../adb/wait.js";
import { Conversation } from "../agent/conversation.js";
import { type PullOptions, type PullResult, pull } from "../pull/pull.js";
import { within } from "./deadline.js";
import { matchesKernel, type Pattern, wantsKernel } from "./match.js";
import type { Selection, Target } from "./selection.js";

/** How to pull from each of many devices. */
export interface PullOneOptions extends Omit<PullOptions, "choice" | "root" | "onProgress"> {
  readonly devices: Selection;
  /** Seconds for each device, once it is its turn. */
  readonly timeoutSeconds: number;
  /** adbd is never restarted: that would end other people's sessions on many devices at once. */
  readonly root: "su" | "never";
}

/** How a device's pull ended. */
export type DeviceOutcome =
  | { readonly serial: string; readonly result: PullResult; readonly error?: undefined }
  | { readonly serial: string; readonly error: KheadersError; readonly result?: undefined };

/**
 * Pulls from one device of many: whatever goes wrong, or takes too long, is its outcome.
 *
 * @returns undefined where the device's kernel is not asked for.
 */
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
      if (wantsKernel(patterns) && !(await runsWanted(target, patterns, limited))) return undefined;
      return { serial, result: await pull({ ...limited, choice, onProgress }) };
    });
  } catch (error) {
    return { serial, error: asKheadersError(error) };
  }
}

async function runsWanted(
  target: Target,
  patterns: readonly Pattern[],
  options: Pick<PullOneOptions, "server" | "stallSeconds" | "signal">,
): Promise<boolean> {
  const { server, signal } = options;
  const never = { waitSeconds: 0, onWait: () => undefined, signal };
  const device = await findDevice(server, target.choice, never);
  const connection = await connectToDevice(server, device, signal);
  const conversation = await Conversation.start(connection, options, signal);
  try {
    return matchesKernel(patterns, conversation.hello);
  } finally {
    conversation.close();
  }
}
