import { KheadersError } from "../../../shared/errors.js";
import { AgentRefusal, type ArchiveHeader } from "../../agent/conversation.js";
import { explainRefusal } from "../../agent/explain.js";
import { ikheadersOf } from "../../kernel/config.js";
import type { Session } from "../look-up.js";

/**
 * Whether the device is to send the archive. Where that takes the module to be loaded and the user forbids it, it is not.
 * A module that is loaded may be unloaded before we ask, and would be loaded for us.
 */
export async function mayRequest({ conversation, options }: Session): Promise<boolean> {
  if (options.load) return true;
  const { archive, loaded } = await conversation.headers();
  return archive !== undefined && loaded !== "yes";
}

/** Asks the device for its archive, which may load the module. Whoever receives the archive awaits the answer, and its error. */
export function requestArchive(session: Session): Promise<ArchiveHeader> {
  const requested = askForArchive(session);
  requested.catch(() => undefined);
  return requested;
}

/** Asks for the archive, as root if that is needed and allowed. */
async function askForArchive(session: Session): Promise<ArchiveHeader> {
  try {
    return await send(session);
  } catch (error) {
    const needsRoot = error instanceof KheadersError && error.code === "needs-root";
    if (!needsRoot || !session.kernel.canBecomeRoot) throw error;
    await session.kernel.becomeRoot(error.message);
  }
  return await send(session);
}

async function send({ conversation, kernel, options, clock }: Session): Promise<ArchiveHeader> {
  try {
    const header = await conversation.send({
      keepLoaded: options.keepLoaded,
      withFacts: kernel.lacksFacts,
      onWait: () => options.onProgress({ type: "stage", stage: "waiting-for-device-lock" }),
    });
    clock.lap("load");
    if (header.facts !== undefined) kernel.learn(header.facts);
    return header;
  } catch (error) {
    if (!(error instanceof AgentRefusal)) throw error;
    if (error.facts !== undefined) kernel.learn(error.facts);
    throw explainRefusal({
      refusal: error.reason,
      path: error.path,
      denied: error.denied,
      ikheaders: kernel.config && ikheadersOf(kernel.config),
      diagnostics: error.diagnostics,
    });
  }
}
