import { KheadersError } from "../../../shared/errors.js";
import type { ProgressListener } from "../../../shared/progress.js";
import type { ArchiveTrailer } from "../../agent/conversation.js";
import { archiveLimits } from "../../archive/limits.js";
import { readArchive } from "../../archive/read.js";
import type { XzDecoder } from "../../archive/xz/decoder.js";
import type { Staged, Staging } from "../../cache/index.js";
import { KernelEvidence } from "../../kernel/belonging.js";
import type { ArchiveSource } from "./source.js";

/** An archive that was received whole and unpacked into the staging area. */
export interface Received {
  readonly staged: Staged;
  readonly source: ArchiveSource["source"];
  readonly trailer: ArchiveTrailer;
  readonly evidence: KernelEvidence;
  readonly transferMilliseconds: number;
}

/**
 * Receives an archive in one pass: its bytes go at once to the archive file, its hash, and the
 * decoder, whose output goes through the checks into the tree. The slowest of them sets the time. That the archive came
 * as the kernel has it is proven by the checks that are in its xz data, and by its size.
 *
 * @param decoder Started ahead; the caller closes it.
 * @throws KheadersError `archive-refused`, `archive-corrupt`, `disk-full`, `cache-failed`, and what the conversation throws.
 */
export async function receiveArchive(
  source: ArchiveSource,
  staging: Staging,
  decoder: XzDecoder,
  options: { readonly signal: AbortSignal; readonly onProgress: ProgressListener },
): Promise<Received> {
  const { signal, onProgress } = options;
  if (source.size > archiveLimits.compressedBytes) {
    throw new KheadersError(
      "archive-refused",
      `the archive has ${source.size} bytes; the limit is ${archiveLimits.compressedBytes}`,
    );
  }
  const started = performance.now();
  let transferMilliseconds = 0;
  async function* transferred(): AsyncGenerator<Uint8Array> {
    onProgress({ type: "stage", stage: "transferring", detail: `${source.size} bytes` });
    let bytes = 0;
    for await (const chunk of source.bytes()) {
      staging.archive.write(chunk);
      bytes += chunk.length;
      onProgress({ type: "progress", bytes, total: source.size });
      yield chunk;
    }
    transferMilliseconds = performance.now() - started;
    onProgress({ type: "stage", stage: "unpacking" });
  }
  const evidence = new KernelEvidence();
  const batches = readArchive(transferred(), {
    signal,
    decoder,
    limits: archiveLimits,
    caseInsensitive: staging.caseInsensitive,
    onWarning: (message) => onProgress({ type: "warning", message }),
  });
  for await (const entries of batches) {
    for (const entry of entries) {
      if (entry.type === "file") evidence.see(entry.path, entry.content);
      staging.tree.add(entry);
    }
  }
  // The device may still be unloading the module.
  const staged = staging.finish();
  const trailer = await source.trailer();
  return { staged, source: source.source, trailer, evidence, transferMilliseconds };
}
