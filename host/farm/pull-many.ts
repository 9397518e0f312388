import { KheadersError } from "../../shared/errors.js";
import type { ProgressEvent } from "../../shared/progress.js";
import { waitForDevices } from "../adb/wait.js";
import { within } from "./deadline.js";
import { type DeviceOutcome, type PullOneOptions, pullOne } from "./pull-one.js";
import { namedTargets, type Skipped, selectTargets, type Target } from "./selection.js";

/** What to pull, from which devices, and how. */
export interface PullManyOptions extends PullOneOptions {
  /** Seconds to wait for devices to come; 0 for not at all. */
  readonly waitSeconds: number;
  /** How many devices at once. Those that wait for one of the same kernel count. */
  readonly jobs: number;
  readonly onEvent: (event: FarmEvent) => void;
}

/** What happens meanwhile. A target is the same object in all events about one device. */
export type FarmEvent =
  | { readonly type: "waiting" }
  | { readonly type: "selected"; readonly targets: readonly Target[]; readonly skipped: readonly Skipped[] }
  | { readonly type: "progress"; readonly target: Target; readonly event: ProgressEvent }
  /** The device runs a kernel that is not asked for. */
  | { readonly type: "unmatched"; readonly target: Target }
  | { readonly type: "ended"; readonly target: Target; readonly outcome: DeviceOutcome };

/**
 * Pulls from many devices at once. Those that run one and the same kernel cause one transfer; the others wait for it and
 * are served from the cache. What goes wrong with one device is its outcome, and holds up no other.
 *
 * @returns how each ended, those that ended first before the others. A device that runs a kernel not asked for has none.
 * @throws KheadersError `no-device` where none is meant, `adb-not-found` or `adb-failed`; the signal's reason when it
 * aborts, once all conversations have ended.
 */
export async function pullMany(options: PullManyOptions): Promise<DeviceOutcome[]> {
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
    throw new KheadersError("no-device", "no connected device runs a kernel as asked for", {
      hint: "See what they run with: kheaders devices",
    });
  }
  return outcomes;
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

/** Works on `items` in their order, `limit` at a time. */
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
