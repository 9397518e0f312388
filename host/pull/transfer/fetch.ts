import { KheadersError } from "../../../shared/errors.js";
import type { KernelIdentity } from "../../../shared/identity.js";
import type { ArchiveHeader, ArchiveTrailer } from "../../agent/conversation.js";
import { startDecoder } from "../../archive/xz/start.js";
import type { CacheEntry, Staging } from "../../cache/index.js";
import { type Belonging, mismatch } from "../../kernel/belonging.js";
import { keepConfig } from "../kept-config.js";
import type { Session } from "../look-up.js";
import { type PullResult, resultOf } from "../result.js";
import type { Headway } from "./headway.js";
import { type Received, receiveArchive } from "./receive.js";
import { deviceSource } from "./source.js";

/**
 * Receives the archive from the device, unpacks it, and publishes what proves to be of the running kernel.
 *
 * @param requested The archive, for which the device was asked; undefined to take it out of the module's file.
 */
export async function fetchHeaders(
  session: Session,
  requested: Promise<ArchiveHeader> | undefined,
  headway: Headway,
): Promise<PullResult> {
  const { kernel, options, clock } = session;
  const staging = await options.cache.stage({ release: kernel.identity.release }, options.signal);
  try {
    const received = await receive(session, requested, staging, headway);
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

/** Receives the archive with a decoder that is started while the device prepares it. */
async function receive(
  session: Session,
  requested: Promise<ArchiveHeader> | undefined,
  staging: Staging,
  headway: Headway,
): Promise<Received> {
  const { conversation, options } = session;
  if (requested === undefined) {
    const { receiveFromModule } = await import("./from-module.js");
    return receiveFromModule(session, staging, headway);
  }
  const decoder = startDecoder();
  try {
    const source = deviceSource(conversation, await requested);
    const onProgress = headway.watch(options.onProgress);
    return await receiveArchive(source, staging, decoder, { signal: options.signal, onProgress });
  } finally {
    await decoder.close();
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
