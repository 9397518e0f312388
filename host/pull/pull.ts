import { KheadersError } from "../../shared/errors.js";
import type { KernelIdentity } from "../../shared/identity.js";
import { printable } from "../../shared/printable.js";
import { waitingEvent } from "../../shared/progress.js";
import { withAdbdRoot } from "../adb/adbd-root.js";
import type { Device } from "../adb/devices.js";
import { findDevice } from "../adb/wait.js";
import { LoadingRefused } from "../agent/explain.js";
import { withConversation } from "../agent/with-conversation.js";
import { describeChange, type Kernel } from "../cache/index.js";
import { lookUp, type Session } from "./look-up.js";
import type { PullOptions } from "./options.js";
import type { PullResult } from "./result.js";
import { RunningKernel } from "./running-kernel.js";
import { Clock } from "./transfer/clock.js";
import { decoderSlots } from "./transfer/decoder-slots.js";
import { Headway } from "./transfer/headway.js";
import { mayRequest, requestArchive } from "./transfer/request.js";

/** After this share of the stall time without headway, a device no longer holds up other pulls. */
const headwayShare = 1 / 3;

/**
 * Gives the headers of the kernel that a device is running right now: from the cache if an entry proves to be of that
 * kernel, else from the device.
 *
 * @throws KheadersError with any code but `usage`; the signal's reason when it aborts.
 */
export async function pull(options: PullOptions): Promise<PullResult> {
  const clock = new Clock();
  const device = await findDevice(options.server, options.choice, {
    waitSeconds: options.waitSeconds,
    onWait: () => options.onProgress({ type: "stage", stage: "waiting-for-device" }),
    signal: options.signal,
  });
  const result = await withAdbdRoot(device, options, (reached) =>
    pullUnloadedIfRefused(reached, options, clock),
  );
  const isNew = result.cache === "miss" && result.source !== "store" && result.entry !== undefined;
  if (isNew && options.store?.write) {
    const { writeToStore } = await import("./write-to-store.js");
    await writeToStore(options.store, result.entry, options);
  }
  return result;
}

/** A kernel that refuses to load its module may still let us read the module's file. */
async function pullUnloadedIfRefused(
  device: Device,
  options: PullOptions,
  clock: Clock,
): Promise<PullResult> {
  const { onProgress, signal } = options;
  try {
    return await pullTwiceIfCut(device, options, clock);
  } catch (error) {
    if (!(error instanceof LoadingRefused)) throw error;
    onProgress({ type: "warning", message: `${error.message}; taking the headers out of the file` });
    try {
      return await pullFrom(device, { ...options, load: false }, clock);
    } catch (cause) {
      signal.throwIfAborted();
      if (!(cause instanceof KheadersError)) throw cause;
      onProgress({ type: "warning", message: `that failed: ${cause.message}` });
      throw error;
    }
  }
}

/** Another process may unload the module while we read: that is worth a second try, under the device's lock. */
async function pullTwiceIfCut(device: Device, options: PullOptions, clock: Clock): Promise<PullResult> {
  try {
    return await pullFrom(device, options, clock);
  } catch (error) {
    if (!(error instanceof KheadersError) || error.code !== "transfer-cut") throw error;
    options.onProgress({ type: "warning", message: `${error.message}; trying once more` });
    return await pullFrom(device, options, clock);
  }
}

/** Identifies the kernel, looks it up in the cache, and fetches its headers if they are not there. */
function pullFrom(device: Device, options: PullOptions, clock: Clock): Promise<PullResult> {
  options.onProgress({ type: "stage", stage: "connecting", detail: printable(device.serial) });
  let lastSeen: Kernel | undefined;
  const whileStarting = () => {
    lastSeen = options.cache.lastSeen(device.serial);
  };
  return withConversation(device, { ...options, whileStarting }, async (conversation) => {
    clock.lap("connect");
    const kernel = new RunningKernel(device.serial, conversation, options, clock);
    try {
      const session = {
        conversation,
        kernel,
        options,
        clock,
        missedFor: undefined,
        toldOfImported: undefined,
      };
      return await serve(session, lastSeen);
    } catch (error) {
      throw await orImport(error, kernel);
    }
  });
}

/**
 * Gives the headers of an identified kernel: from the cache, else from the device.
 *
 * @param lastSeen what the device ran before, as far as the cache knows.
 */
async function serve(session: Session, lastSeen: Kernel | undefined): Promise<PullResult> {
  const { kernel, options } = session;
  const { refresh, offline } = options;
  const cached = refresh ? undefined : await lookUp(session);
  if (cached === undefined && offline) throw notCached(kernel.identity);
  const previous = lastSeen && noticeChange(lastSeen, session) ? lastSeen : undefined;
  return { ...(cached ?? (await fetchUnderLock(session))), previous };
}

/** Waits for other pulls of this kernel, and fetches only what they have not brought. */
async function fetchUnderLock(session: Session): Promise<PullResult> {
  const { kernel, options } = session;
  const { cache, refresh, stallSeconds, signal, onProgress } = options;
  const headway = new Headway(stallSeconds * headwayShare);
  let facts: Promise<void> | undefined;
  const onWait = (pid: number | undefined) => {
    onProgress(waitingEvent("waiting-for-other-pull", pid));
    // What that pull brings will serve if the facts agree. They are asked for now, not when others wait for us.
    if (kernel.hasFacts) return;
    facts = kernel.askFacts();
    // It is awaited below.
    facts.catch(() => undefined);
  };
  headway.hold(await cache.lock(kernel.identity, { signal, onWait }));
  try {
    headway.made();
    await facts;
    // Another process may have pulled it after we looked and before we had the lock.
    const cached = refresh ? undefined : await lookUp(session);
    return cached ?? (await takeFromStore(session, headway)) ?? (await fetchFromDevice(session, headway));
  } finally {
    headway.end();
  }
}

/** Asks the store before the device is touched. With `refresh` the headers shall come from the device. */
async function takeFromStore(session: Session, headway: Headway): Promise<PullResult | undefined> {
  if (session.options.store === undefined || session.options.refresh) return undefined;
  return (await import("./transfer/from-store.js")).takeFromStore(session, session.options.store, headway);
}

/** Asks the device, and loads what receives the archive while it prepares that. */
async function fetchFromDevice(session: Session, headway: Headway): Promise<PullResult> {
  const { signal, onProgress } = session.options;
  headway.pause();
  headway.hold(await decoderSlots.acquire(signal));
  headway.made();
  onProgress({ type: "stage", stage: "preparing" });
  const requested = (await mayRequest(session)) ? requestArchive(session) : undefined;
  const { fetchHeaders } = await import("./transfer/fetch.js");
  return fetchHeaders(session, requested, headway);
}

/** Where a device does not give its headers, files may: the error for want of headers or root says so. */
async function orImport(error: unknown, { identity, config, serial }: RunningKernel): Promise<unknown> {
  if (!(error instanceof KheadersError) || ![4, 5].includes(error.exitStatus)) return error;
  const { importAdvice, withImportHint } = await import("./import-advice.js");
  const hint = withImportHint(error.hint, importAdvice(identity, config, serial));
  const advised = new KheadersError(error.code, error.message, { hint, cause: error.cause });
  return error instanceof LoadingRefused ? new LoadingRefused(advised) : advised;
}

/** Says that the device runs another kernel than last time, if it does, and how to compare the two. */
function noticeChange(lastSeen: Kernel, { kernel, options }: Session): boolean {
  const { serial, identity } = kernel;
  const change = describeChange(lastSeen, identity);
  if (change === undefined) return false;
  const hasBoth = options.cache.seenOn(serial).some(({ bootId }) => bootId !== identity.bootId);
  const choice = options.choice.serial === undefined ? "" : ` -s ${printable(serial)}`;
  const advice = hasBoth ? `; compare: kheaders diff --last${choice}` : "";
  options.onProgress({ type: "notice", message: `${printable(serial)} runs ${change}${advice}` });
  return true;
}

function notCached(kernel: KernelIdentity): KheadersError {
  return new KheadersError("not-cached", `the headers of ${printable(kernel.release)} are not cached`, {
    hint: "Pull them once without --offline.",
  });
}
