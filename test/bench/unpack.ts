/**
 * The program that the bench runs for "archive to tree": unpacks an archive into a cache, all but the device's part of
 * what a pull does. Prints what it took, as JSON, its xz included: Node's own start is no part of it.
 *
 * Arguments: the cache's folder, the kernel's release and version, the archive.
 */
import { createReadStream } from "node:fs";
import { archiveLimits } from "../../host/archive/limits.js";
import { readArchive } from "../../host/archive/read.js";
import { startDecoder } from "../../host/archive/xz/start.js";
import { openCache } from "../../host/cache/index.js";
import type { Took } from "./bench-case.js";
import { processorTimeOf } from "./processor-time.js";

const [dir = "", release = "", version = "", archive = ""] = process.argv.slice(2);

void unpack();

async function unpack(): Promise<void> {
  const took = stopwatch();
  const decoder = startDecoder();
  const staging = await openCache({ dir, tool: KHEADERS_VERSION }).stage({ release });
  try {
    const batches = readArchive(
      compressed((chunk) => staging.archive.write(chunk)),
      {
        decoder,
        limits: archiveLimits,
        caseInsensitive: staging.caseInsensitive,
      },
    );
    for await (const entries of batches) for (const entry of entries) staging.tree.add(entry);
    const kernel = { fingerprint: "bench", release, version, machine: "x86_64" };
    const unknown = { bootId: undefined, configDigest: undefined, buildId: undefined };
    await staging
      .finish()
      .publish({ identity: { ...kernel, ...unknown }, serial: "bench", source: "module" });
  } finally {
    await staging.discard();
    await decoder.close();
  }
  process.stdout.write(JSON.stringify(took()));
}

function stopwatch(): () => Took {
  const before = processorTimeOf([process.pid]);
  const started = performance.now();
  return () => ({
    wall: performance.now() - started,
    cpu: processorTimeOf([process.pid]) - before,
  });
}

async function* compressed(keep: (chunk: Uint8Array) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of createReadStream(archive)) {
    keep(chunk);
    yield chunk;
  }
}
