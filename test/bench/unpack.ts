/**
 * The program that the bench runs for "archive to tree": unpacks an archive into a cache, all but the device's part of
 * what a pull does. Prints the milliseconds that it took: Node's own start is no part of it.
 *
 * Arguments: the cache's folder, the kernel's release and version, the archive.
 */
import { createReadStream } from "node:fs";
import { archiveLimits } from "../../host/archive/limits.js";
import { readArchive } from "../../host/archive/read.js";
import { startDecoder } from "../../host/archive/xz/start.js";
import { openCache } from "../../host/cache/index.js";

const [dir = "", release = "", version = "", archive = ""] = process.argv.slice(2);

void unpack();

async function unpack(): Promise<void> {
  const started = performance.now();
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
  process.stdout.write(String(performance.now() - started));
}

async function* compressed(keep: (chunk: Uint8Array) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of createReadStream(archive)) {
    keep(chunk);
    yield chunk;
  }
}
