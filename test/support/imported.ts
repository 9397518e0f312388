import type { Cache, OpenedTree } from "../../host/cache/index.js";
import type { KnownKernel } from "../../shared/identity.js";
import { archiveOf, type Contents } from "./cache-fixture.js";
import { kernel } from "./cache-kernels.js";

/** What an import mostly knows of a kernel: its release. */
export function importedKernel(changes: Partial<KnownKernel> = {}): KnownKernel {
  const unknown = { fingerprint: undefined, version: undefined, machine: undefined, buildId: undefined };
  return { ...kernel({ configDigest: undefined }), ...unknown, ...changes };
}

/** Enters an archive in the cache as an import does. */
export async function importInto(
  cache: Cache,
  about: { readonly kernel?: KnownKernel; readonly contents?: Contents } = {},
): Promise<OpenedTree> {
  const known = about.kernel ?? importedKernel();
  const { bytes, entries } = archiveOf(about.contents);
  const staging = await cache.stage(known);
  try {
    staging.archive.write(bytes);
    for (const entry of entries) staging.tree.add(entry);
    return await staging.finish().publishImported({ kernel: known, origin: "kheaders.ko" });
  } finally {
    await staging.discard();
  }
}
