import { KheadersError } from "../../../shared/errors.js";
import type { KernelIdentity } from "../../../shared/identity.js";
import {
  AgentRefusal,
  type ArchiveHeader,
  type ArchiveTrailer,
  type Conversation,
} from "../../agent/conversation.js";
import { explainRefusal } from "../../agent/explain.js";
import { startDecoder } from "../../archive/xz/start.js";
import type { CacheEntry, Staging } from "../../cache/index.js";
import { type Belonging, mismatch } from "../../kernel/belonging.js";
import { ikheadersOf } from "../../kernel/config.js";
import { keepConfig } from "../kept-config.js";
import type { Session } from "../look-up.js";
import { type PullResult, resultOf } from "../result.js";
import { decoderSlots } from "./decoder-slots.js";
import { receiveFromModule } from "./from-module.js";
import type { Headway } from "./headway.js";
import { type Received, receiveArchive } from "./receive.js";
import { deviceSource } from "./source.js";

/** Gets the archive off the device, unpacks it, and publishes what proves to be of the running kernel. */
export async function fetchHeaders(session: Session, headway: Headway): Promise<PullResult> {
  const { kernel, options, clock } = session;
  headway.pause();
  headway.hold(await decoderSlots.acquire(options.signal));
  headway.made();
  const staging = await options.cache.stage({ release: kernel.identity.release }, options.signal);
  try {
    const received = await receive(session, staging, headway);
    clock.set("transfer", received.transferMilliseconds);
    options.onProgress({ type: "stage", stage: "publishing" });
    const { staged, trailer, source } = received;
    const identity = identityFor(received, session);
    const tree = identity
      ? await staged.publish({ identity, serial: kernel.serial, source })
      : await staged.publishApart();
    await keepConfigOf(tree.entry, session);
    clock.lap("unpack");
    warnAbout(trailer, session);
    return resultOf(tree, {
      serial: kernel.serial,
      kernel: kernel.identity,
      cache: "miss",
      proof: undefined,
      source,
      unloaded: trailer.unloaded === undefined ? undefined : trailer.unloaded === "yes",
      ms: clock.times(),
    });
  } finally {
    await staging.discard();
  }
}

/** Asks for the archive, and receives it with a decoder that is started meanwhile. */
async function receive(session: Session, staging: Staging, headway: Headway): Promise<Received> {
  const { conversation, options } = session;
  options.onProgress({ type: "stage", stage: "preparing" });
  if (!options.load && !(await hasBuiltIn(conversation))) return receiveFromModule(session, staging, headway);
  const requested = requestArchive(session);
  // It is awaited below.
  requested.catch(() => undefined);
  const decoder = startDecoder();
  try {
    const source = deviceSource(conversation, await requested);
    const onProgress = headway.watch(options.onProgress);
    return await receiveArchive(source, staging, decoder, { signal: options.signal, onProgress });
  } finally {
    await decoder.close();
  }
}

/** A module that is loaded may be unloaded before we ask, and would be loaded for us. */
async function hasBuiltIn(conversation: Conversation): Promise<boolean> {
  const { archive, loaded } = await conversation.headers();
  return archive !== undefined && loaded !== "yes";
}

/** Asks for the archive, as root if that is needed and allowed. */
async function requestArchive(session: Session): Promise<ArchiveHeader> {
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

/**
 * The kernel as which an archive may be published; undefined if it may only be kept apart (`allowMismatch`). Throws
 * `archive-mismatch` if it may not be kept at all.
 */
function identityFor(received: Received, { kernel, options }: Session): KernelIdentity | undefined {
  const belonging = received.evidence.belongsTo(kernel.identity.release, kernel.config);
  if (belonging.belongs) return kernel.identity;
  if (received.source === "built-in" && belonging.contradicts !== undefined) {
    options.onProgress({ type: "warning", message: spoofed(belonging) });
    // What is spoofed proves nothing later: this entry serves by boot and build-id alone.
    return { ...kernel.identity, configDigest: undefined };
  }
  if (!options.allowMismatch) throw mismatch(belonging.reason);
  options.onProgress({ type: "warning", message: `not the running kernel's headers: ${belonging.reason}` });
  return undefined;
}

/** An archive in the running kernel is its own. What contradicts it can be rewritten, as root managers do. */
function spoofed({ contradicts, reason }: Exclude<Belonging, { belongs: true }>): string {
  return `the device's ${contradicts} contradicts the headers that are built into its kernel, which are right (is it spoofed?): ${reason}`;
}

/** Keeps the kernel's configuration beside its headers; if that fails, the headers can still be used. */
async function keepConfigOf(entry: CacheEntry | undefined, { kernel, options }: Session): Promise<void> {
  if (entry === undefined || kernel.compressedConfig === undefined) return;
  try {
    await keepConfig(options.cache, entry, kernel.compressedConfig, options.signal);
  } catch (error) {
    options.signal.throwIfAborted();
    if (!(error instanceof KheadersError)) throw error;
    const message = `the kernel's configuration was not kept: ${error.message}`;
    options.onProgress({ type: "warning", message });
  }
}

function warnAbout(trailer: ArchiveTrailer, { kernel, options }: Session): void {
  const warn = (message: string) => options.onProgress({ type: "warning", message });
  if (trailer.unloaded === "in-use")
    warn(
      "another process reads the headers on the device, so the module stays loaded; unload it later with: kheaders unload",
    );
  if (trailer.unloaded === "no") warn("could not unload the kheaders module; retry with: kheaders unload");
  if (trailer.taint?.includes("E") && kernel.config?.has("CONFIG_MODULE_SIG"))
    warn("kheaders.ko is unsigned on a kernel that signs its modules: is it this kernel's own?");
}
