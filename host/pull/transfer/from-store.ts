import { KheadersError } from "../../../shared/errors.js";
import { describeProof, type Proof } from "../../cache/index.js";
import type { KernelEvidence } from "../../kernel/belonging.js";
import type { Session } from "../look-up.js";
import { type PullResult, resultOf } from "../result.js";
import type { SharedStore, StoreOffer, StoreUse } from "../shared-store.js";
import { withinStoreTime } from "../within-store-time.js";
import type { Headway } from "./headway.js";

/**
 * Takes the headers out of a store, if it has what proves to be of the running kernel by the rule of serving. The device is
 * only asked for its facts, as for a hit, and becomes root only if the store has headers of which the build-id decides.
 *
 * @returns undefined if it has none, or fails: that is told, and the device is pulled from.
 */
export async function takeFromStore(
  session: Session,
  use: StoreUse,
  headway: Headway,
): Promise<PullResult | undefined> {
  const { kernel, options } = session;
  const time = { ...options, seconds: use.askSeconds, failed: "the store was not used" };
  const result = await withinStoreTime(time, async (signal) => {
    const opening = open(use, signal);
    // It is awaited below.
    opening.catch(() => undefined);
    // What the store has is found by them.
    if (kernel.lacksFacts) await kernel.askFacts();
    headway.pause();
    return ask(session, await opening, signal);
  });
  headway.made();
  return result;
}

async function open(use: StoreUse, signal: AbortSignal): Promise<SharedStore> {
  const store = await use.open();
  await store.connect(signal);
  return store;
}

async function ask(
  session: Session,
  store: SharedStore,
  signal: AbortSignal,
): Promise<PullResult | undefined> {
  const { kernel, options } = session;
  for (;;) {
    options.onProgress({ type: "stage", stage: "asking-store", detail: store.address });
    let why: string | undefined;
    for await (const offer of store.offers(kernel, signal)) {
      const serving = kernel.servedBy(options.cache, offer);
      if (serving.outcome === "hit" && serving.entry.id === offer.entry.id)
        return take(session, offer, serving.proof, signal);
      if (serving.outcome === "ask-root") why = serving.why;
    }
    if (why === undefined || !(await becameRoot(session, why))) {
      options.onProgress({ type: "stage", stage: "store-miss" });
      return undefined;
    }
    await kernel.askFacts();
  }
}

async function take(
  session: Session,
  offer: StoreOffer,
  proof: Proof,
  signal: AbortSignal,
): Promise<PullResult> {
  const { kernel, options, clock } = session;
  const { cache, onProgress } = options;
  const check = (evidence: KernelEvidence) => {
    const belonging = evidence.belongsTo(kernel.identity.release, kernel.config);
    if (!belonging.belongs)
      throw new KheadersError(
        "archive-mismatch",
        `the store's headers are not the kernel's: ${belonging.reason}`,
      );
  };
  onProgress({ type: "stage", stage: "store-hit", detail: describeProof(proof) });
  const { tree, entry, transferMilliseconds } = await offer.take({ cache, check, signal, onProgress });
  clock.set("transfer", transferMilliseconds);
  cache.remember(kernel.serial, kernel.identity, entry);
  clock.lap("unpack");
  return resultOf(tree, {
    serial: kernel.serial,
    kernel: { ...kernel.identity, buildId: kernel.identity.buildId ?? entry.kernel.buildId },
    cache: "miss",
    proof,
    source: "store",
    unloaded: undefined,
    ms: clock.times(),
  });
}

/** Without root the device may still be pulled from: there the answer is awaited again if it is needed. */
async function becameRoot({ kernel, options }: Session, why: string): Promise<boolean> {
  try {
    await kernel.becomeRoot(why);
    return true;
  } catch (error) {
    options.signal.throwIfAborted();
    const isRefusal = error instanceof KheadersError && error.exitStatus === 5;
    if (!isRefusal) throw error;
    options.onProgress({ type: "warning", message: `the store was not used: ${error.message}` });
    return false;
  }
}
