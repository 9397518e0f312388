import { KheadersError } from "../../shared/errors.js";
import type { ProgressEvent } from "../../shared/progress.js";
import { waitForDevices } from "../adb/wait.js";
import { completeSharedOptions, ignore, type Optional } from "../pull/options.js";
import { defaultTimeoutSeconds, within } from "./deadline.js";
import { type DeviceOutcome, type PullOneOptions, pullOne } from "./pull-one.js";
import { namedTargets, type Skipped, selectTargets, type Target } from "./selection.js";

/** What to pull, from which devices, and how. */
export interface PullManyOptions extends PullOneOptions {
  /** Seconds to wait for a device to be connected; 0 not to wait. */
  readonly waitSeconds: number;
  /** How many devices at once, including those that wait for another one with the same kernel. */
  readonly jobs: number;
  readonly onEvent: (event: FarmEvent) => void;
}

/** What happens. A target is the same object in all events about one device. */
export type FarmEvent =
  | { readonly type: "waiting" }
  | { readonly type: "selected"; readonly targets: readonly Target[]; readonly skipped: readonly Skipped[] }
  | { readonly type: "progress"; readonly target: Target; readonly event: ProgressEvent }
  /** The device runs a kernel that the patterns do not match. */
  | { readonly type: "unmatched"; readonly target: Target }
  | { readonly type: "ended"; readonly target: Target; readonly outcome: DeviceOutcome };

/**
 * Pulls from many devices at once, by default from all that can be used. Devices that run the same kernel cause one transfer; the others wait for it and are
 * served from the cache. An error of one device is its outcome, and does not stop the others.
 *
 * @returns how each device ended, in the order in which they ended; none for a device whose kernel does not match.
 * @throws KheadersError `no-device` if there is no such device, `adb-not-found` or `adb-failed`; the signal's reason when
 * it aborts, after all conversations have ended.
 */
export async function pullMany(given: Optional<PullManyOptions> = {}): Promise<DeviceOutcome[]> {
  const options = await complete(given);
  const { signal, onEvent } = options;
  const targets = await findTargets(options);
  const outcomes: DeviceOutcome[] = [];
  await within(Number.POSITIVE_INFINITY, signal, (shared) =>
    forEach(targets, options.jobs, async (target) => {
      const onProgress = (event: ProgressEvent) => onEvent({ type: "progress", target, event });
      const outcome = await pullOne(target, { ...options, signal: shared }, onProgress);
      if (signal.aborted) return;
      if (outcome === undefined) {
        onEvent({ type: "unmatched", target });
      } else {
        outcomes.push(outcome);
        onEvent({ type: "ended", target, outcome });
      }
    }),
  );
  signal.throwIfAborted();
  if (outcomes.length === 0) {
    throw new KheadersError("no-device", "no connected device runs a kernel that matches", {
      hint: "See their kernels with: kheaders devices",
    });
  }
  return outcomes;
}

async function complete(given: Optional<PullManyOptions>): Promise<PullManyOptions> {
  return {
    ...(await completeSharedOptions(given)),
    devices: given.devices ?? {},
    jobs: given.jobs ?? Number.POSITIVE_INFINITY,
    timeoutSeconds: given.timeoutSeconds ?? defaultTimeoutSeconds,
    root: given.root ?? "su",
    onEvent: given.onEvent ?? ignore,
  };
}

async function findTargets(options: PullManyOptions): Promise<readonly Target[]> {
  const { server, devices, waitSeconds, signal, onEvent } = options;
  const { targets, skipped } =
    devices.serials !== undefined
      ? { targets: namedTargets(devices.serials), skipped: [] }
      : await waitForDevices(server, (listed) => selectTargets(listed, devices), {
          waitSeconds,
          onWait: () => onEvent({ type: "waiting" }),
          signal,
        });
  onEvent({ type: "selected", targets, skipped });
  return targets;
}

/** Works on `items` in order, `limit` at a time. */
async function forEach<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  const lane = async () => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
}

/**
 * The exit status for several devices: 0 if all succeeded, else the largest status of those that failed. It does not
 * depend on which failed first.
 */
export function exitStatusOfAll(outcomes: readonly DeviceOutcome[]): number {
  return Math.max(0, ...outcomes.map(({ error }) => error?.exitStatus ?? 0));
}
