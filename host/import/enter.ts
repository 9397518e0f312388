import { closeSync, openSync, writeSync } from "node:fs";
import { KheadersError } from "../../shared/errors.js";
import type { KnownKernel } from "../../shared/identity.js";
import type { ProgressListener } from "../../shared/progress.js";
import { startDecoder } from "../archive/xz/start.js";
import type { OpenedTree, Staging } from "../cache/index.js";
import { type ByteSource, sourceChunks } from "../formats/byte-source.js";
import { keepConfig } from "../pull/kept-config.js";
import { type Received, receiveArchive } from "../pull/transfer/receive.js";
import type { ArchiveSource } from "../pull/transfer/source.js";
import { agreed, type Finding, factsOf, textsOf } from "./findings.js";
import type { FoundHeaders } from "./headers.js";
import { assertSameConfig, type FoundKernel, machineOfConfig } from "./kernel.js";
import { assertExpected, type ImportOptions } from "./options.js";
import { keepSymvers, mergeSymvers } from "./symbol-versions.js";

/** What is to be entered in the cache. */
export interface Found {
  readonly headers: FoundHeaders;
  readonly kernel: FoundKernel;
  readonly findings: readonly Finding[];
  readonly origin: string;
}

/**
 * Unpacks headers into the cache, and enters them with what is known of their kernel. Throws `archive-mismatch` if they
 * contradict that, as {@link receiveArchive}, and as the cache.
 */
export async function enter(
  found: Found,
  options: ImportOptions,
): Promise<{ readonly tree: OpenedTree; readonly known: KnownKernel }> {
  const { kernel, origin, findings } = found;
  const { cache, signal, onProgress } = options;
  const symvers = mergeSymvers(textsOf(findings, "Module.symvers"));
  const staging = await cache.stage({ release: kernel.release?.value ?? "" }, signal);
  try {
    const received = await receive(found, staging, options);
    const known = knownKernel(found, received, options);
    onProgress({ type: "stage", stage: "publishing" });
    const tree = await received.staged.publishImported({ kernel: known, origin, signal });
    if (tree.entry === undefined)
      throw new KheadersError("internal-error", "Headers were entered without an entry.");
    if (kernel.config !== undefined)
      await keepConfig(cache, tree.entry, kernel.config.value.compressed, signal);
    if (symvers !== undefined) await keepSymvers(cache, tree.entry, symvers, signal);
    await keepBtf(found, known, options);
    return { tree, known };
  } finally {
    await staging.discard();
  }
}

/** Keeps the kernel's own BTF, where `btf` looks for it. */
async function keepBtf(
  { findings, origin }: Found,
  kernel: KnownKernel,
  { cache, signal }: ImportOptions,
): Promise<void> {
  const [btf] = factsOf(findings, "btf");
  if (btf === undefined) return;
  await cache.btf.keep(
    { kernel, source: "file", origin },
    (file) => writeSource(btf.value, file, signal),
    signal,
  );
}

async function writeSource(source: ByteSource, file: string, signal: AbortSignal): Promise<void> {
  const descriptor = openSync(file, "wx");
  try {
    for await (const chunk of sourceChunks(source, signal))
      for (let written = 0; written < chunk.length; ) written += writeSync(descriptor, chunk, written);
  } finally {
    closeSync(descriptor);
  }
}

async function receive({ headers }: Found, staging: Staging, options: ImportOptions): Promise<Received> {
  const { archive } = headers;
  const decoder = startDecoder();
  try {
    const source: ArchiveSource = {
      source: "file",
      size: archive.size,
      bytes: () => sourceChunks(archive, options.signal),
      trailer: async () => ({ unloaded: undefined, taint: undefined }),
    };
    return await receiveArchive(source, staging, decoder, { ...options, onProgress: asUnpacking(options) });
  } finally {
    await decoder.close();
  }
}

/** Nothing is transferred here: what a pull shows of that is left out. */
function asUnpacking({ onProgress }: ImportOptions): ProgressListener {
  return (event) => {
    const isTransfer =
      event.type === "progress" || (event.type === "stage" && event.stage === "transferring");
    if (!isTransfer) onProgress(event);
  };
}

/** What is known of the kernel, now that its headers were seen. */
function knownKernel(
  { headers, kernel }: Found,
  { evidence }: Received,
  { fingerprint, expected }: ImportOptions,
): KnownKernel {
  const { from } = headers;
  const releases = evidence.release === undefined ? [] : [{ from, value: evidence.release }];
  const release = agreed("release", kernel.release === undefined ? releases : [kernel.release, ...releases]);
  if (release === undefined || releases.length === 0)
    throw new KheadersError("archive-mismatch", `the headers of ${from} do not say of which kernel they are`);
  assertExpected(release.value, expected);
  const { config } = evidence;
  if (kernel.config !== undefined && config !== undefined)
    assertSameConfig(
      { from: kernel.config.from, value: kernel.config.value.macros },
      { from, value: config },
    );
  return {
    fingerprint,
    release: release.value,
    version: kernel.version?.value,
    machine: kernel.machine?.value ?? (config && machineOfConfig(config)),
    buildId: kernel.buildId?.value,
    configDigest: kernel.config?.value.digest,
  };
}
