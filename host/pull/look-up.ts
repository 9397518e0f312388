import { KheadersError } from "../../shared/errors.js";
import type { Conversation } from "../agent/conversation.js";
import { describeProof } from "../cache/index.js";
import type { PullOptions } from "./options.js";
import { type PullResult, resultOf } from "./result.js";
import type { RunningKernel } from "./running-kernel.js";
import type { Clock } from "./transfer/clock.js";

/** What the steps of a pull from one device share. */
export interface Session {
  readonly conversation: Conversation;
  readonly kernel: RunningKernel;
  readonly options: PullOptions;
  readonly clock: Clock;
  /** Why the cache did not serve, when it was last asked. */
  missedFor: string | undefined;
  /** Why imported headers did not serve, as the user was told. */
  toldOfImported: string | undefined;
}

/** Looks the running kernel up in the cache, and asks the device for as much as it takes to be sure. */
export async function lookUp(session: Session): Promise<PullResult | undefined> {
  const { kernel, options, clock } = session;
  const { cache, signal, onProgress } = options;
  for (;;) {
    const serving = kernel.servedBy(cache);
    if ("imported" in serving) tellOfImported(serving.imported, session);
    switch (serving.outcome) {
      case "hit": {
        const { entry, proof } = serving;
        onProgress({ type: "stage", stage: "cache-hit", detail: describeProof(proof) });
        const tree = await cache.open(entry, { signal, onProgress });
        if (tree === undefined) return undefined;
        cache.remember(kernel.serial, kernel.identity, entry);
        const buildId = kernel.identity.buildId ?? entry.kernel.buildId;
        return resultOf(tree, {
          serial: kernel.serial,
          kernel: { ...kernel.identity, buildId },
          cache: "hit",
          proof,
          source: entry.source,
          unloaded: undefined,
          ms: clock.times(),
        });
      }
      case "miss":
        if (serving.why !== session.missedFor)
          onProgress({ type: "stage", stage: "cache-miss", detail: serving.why });
        session.missedFor = serving.why;
        return undefined;
      case "ask-facts":
        await kernel.askFacts();
        break;
      case "ask-root":
        await kernel.becomeRoot(serving.why);
        await kernel.askFacts();
        break;
      case "denied":
        throw new KheadersError("needs-root", serving.why, { hint: serving.hint });
    }
  }
}

function tellOfImported(why: string | undefined, session: Session): void {
  if (why === undefined || why === session.toldOfImported) return;
  session.toldOfImported = why;
  session.options.onProgress({ type: "warning", message: `not used: ${why}` });
}
