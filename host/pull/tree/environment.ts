import type { PullResult } from "../result.js";

/** The variables that a command which runs for a tree finds in its environment. */
export function treeEnvironment(result: PullResult): Record<string, string> {
  const { kernel } = result;
  return {
    KHEADERS_SERIAL: result.serial ?? "",
    KHEADERS_TREE: result.tree,
    KHEADERS_ARCHIVE: result.archive,
    KHEADERS_DIGEST: result.digest,
    KHEADERS_FINGERPRINT: kernel.fingerprint ?? "",
    KHEADERS_RELEASE: kernel.release,
    KHEADERS_VERSION: kernel.version ?? "",
    KHEADERS_MACHINE: kernel.machine ?? "",
    KHEADERS_CACHE: result.cache,
  };
}
