import { closeSync, openSync, writeSync } from "node:fs";
import { KheadersError } from "../../shared/errors.js";
import type { KnownKernel } from "../../shared/identity.js";
import type { ProgressListener } from "../../shared/progress.js";
import { startDecoder } from "../archive/xz/start.js";
import type { Cache, CacheEntry, OpenedTree } from "../cache/index.js";
import { keepSymvers } from "../import/symbol-versions.js";
import type { KernelEvidence } from "../kernel/belonging.js";
import { differingMacros, macrosOf } from "../kernel/config.js";
import { readKernelFacts } from "../kernel/facts.js";
import { keepConfig } from "../pull/kept-config.js";
import { decoderSlots } from "../pull/transfer/decoder-slots.js";
import { type Received, receiveArchive } from "../pull/transfer/receive.js";
import type { ArchiveSource } from "../pull/transfer/source.js";
import { readAll } from "../store/content.js";
import { storeCorrupt } from "../store/errors.js";
import type { Repository } from "../store/repository.js";
import { parseSymvers } from "../symvers/symvers-file.js";
import type { PartName, StoredKernel } from "./kernel-manifest.js";

/** How to take a kernel out of a store. */
export interface TakeOptions {
  readonly cache: Cache;
  /** Looks at what the archive says of its kernel before anything is published, and throws if it is of another. */
  readonly check?: ((evidence: KernelEvidence) => void) | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: ProgressListener;
}

/** A kernel that was taken out of a store. */
export interface TakenKernel {
  readonly tree: OpenedTree;
  readonly entry: CacheEntry;
  readonly transferMilliseconds: number;
}

/**
 * Takes the headers of a kernel out of a store into the cache, by the way that every archive takes, with what the store has
 * beside them. What the store says of the kernel becomes its entry as far as the archive does not contradict it; the rule of
 * serving decides whom it serves.
 *
 * Throws `store-corrupt` if the archive is of another kernel than the manifest says, and what receiving, the repository, the
 * cache and `check` throw.
 */
export async function takeKernel(
  repository: Repository,
  stored: StoredKernel,
  options: TakeOptions,
): Promise<TakenKernel> {
  const { cache, signal, check } = options;
  const staging = await cache.stage({ release: stored.kernel.release }, signal);
  const config = readPart(repository, stored, "config", options);
  // It is awaited below.
  config.catch(() => undefined);
  try {
    const received = await receive(repository, stored, options, (source, decoder) =>
      receiveArchive(source, staging, decoder, options),
    );
    assertOfKernel(received.evidence, stored, repository.address);
    check?.(received.evidence);
    const known = kernelWith(stored.kernel, received.evidence, await config);
    options.onProgress({ type: "stage", stage: "publishing" });
    const tree = await received.staged.publishImported({
      kernel: known,
      origin: repository.address,
      source: "store",
      signal,
    });
    if (tree.entry === undefined)
      throw new KheadersError("internal-error", "Headers were taken without an entry.");
    await keepParts(repository, stored, tree.entry, await config, options);
    return { tree, entry: tree.entry, transferMilliseconds: received.transferMilliseconds };
  } finally {
    await Promise.allSettled([config]);
    await staging.discard();
  }
}

async function receive(
  repository: Repository,
  { archive }: StoredKernel,
  { signal }: TakeOptions,
  work: (source: ArchiveSource, decoder: ReturnType<typeof startDecoder>) => Promise<Received>,
): Promise<Received> {
  const slot = await decoderSlots.acquire(signal);
  const decoder = startDecoder();
  try {
    const source: ArchiveSource = {
      source: "store",
      size: archive.size,
      bytes: () => repository.blob(archive, signal),
      trailer: async () => ({ unloaded: undefined, taint: undefined }),
    };
    return await work(source, decoder);
  } finally {
    await decoder.close();
    slot.release();
  }
}

/** Throws `store-corrupt` if an archive is of another kernel than its manifest says: a tag may have been moved. */
function assertOfKernel(evidence: KernelEvidence, { kernel }: StoredKernel, address: string): void {
  const belonging = evidence.belongsTo(kernel.release, undefined);
  if (!belonging.belongs)
    throw storeCorrupt(address, `a manifest is not of its archive's kernel: ${belonging.reason}`);
}

/**
 * What is known of the kernel, now that its headers were seen. The digest of the configuration would prove the entry without
 * a look at the options, so it stays only if the store has that configuration and it is that of the headers.
 */
function kernelWith(
  kernel: KnownKernel,
  evidence: KernelEvidence,
  config: Uint8Array | undefined,
): KnownKernel {
  const facts = config === undefined ? undefined : readKernelFacts({ config, notes: undefined });
  const isProven =
    facts?.config !== undefined &&
    evidence.config !== undefined &&
    facts.configDigest === kernel.configDigest &&
    differingMacros(macrosOf(facts.config), evidence.config).length === 0;
  return { ...kernel, fingerprint: undefined, configDigest: isProven ? kernel.configDigest : undefined };
}

/** A part that is read whole, undefined if there is none or it is damaged: the headers can be used without it. */
async function readPart(
  repository: Repository,
  { parts }: StoredKernel,
  name: PartName,
  { signal, onProgress }: TakeOptions,
): Promise<Buffer | undefined> {
  const part = parts.get(name);
  if (part === undefined) return undefined;
  try {
    return await readAll(repository.blob(part, signal), part.size);
  } catch (error) {
    if (signal.aborted) return undefined;
    tell(name, error, onProgress);
    return undefined;
  }
}

async function keepParts(
  repository: Repository,
  stored: StoredKernel,
  entry: CacheEntry,
  config: Uint8Array | undefined,
  options: TakeOptions,
): Promise<void> {
  const { cache, signal, onProgress } = options;
  if (config !== undefined && entry.kernel.configDigest !== undefined)
    await keepConfig(cache, entry, config, signal);
  const symvers = await readPart(repository, stored, "symvers", options);
  try {
    if (symvers !== undefined) {
      parseSymvers(symvers.toString(), "the store's Module.symvers");
      await keepSymvers(cache, entry, symvers.toString(), signal);
    }
    await keepBtf(repository, stored, entry, options);
  } catch (error) {
    signal.throwIfAborted();
    tell("symvers or btf", error, onProgress);
  }
}

/** Keeps the kernel's BTF where `btf` looks for it. It is compared with its digest before it is published. */
async function keepBtf(
  repository: Repository,
  { parts }: StoredKernel,
  { kernel }: CacheEntry,
  { cache, signal }: TakeOptions,
): Promise<void> {
  const btf = parts.get("btf");
  if (btf === undefined) return;
  const write = async (file: string) => {
    const descriptor = openSync(file, "wx");
    try {
      for await (const chunk of repository.blob(btf, signal))
        for (let written = 0; written < chunk.length; ) written += writeSync(descriptor, chunk, written);
    } finally {
      closeSync(descriptor);
    }
  };
  await cache.btf.keep({ kernel, source: "store", origin: repository.address }, write, signal);
}

/** What is missing beside the headers is worth a warning. Throws what is not the store's fault. */
function tell(what: string, error: unknown, onProgress: ProgressListener): void {
  const isOfStore =
    error instanceof KheadersError && (error.code.startsWith("store-") || error.code === "usage");
  if (!isOfStore) throw error;
  onProgress({ type: "warning", message: `${what} of the store was not taken: ${error.message}` });
}
