import type { Digest } from "../../../shared/identity.js";
import { printable } from "../../../shared/printable.js";
import type { RemovedTree } from "../../cache/index.js";

/** As much of a digest as tells archives apart. */
export function shortDigest(digest: Digest): string {
  return digest.slice(0, 12);
}

/** The line for a tree that was removed, with the kernels that it served. */
export function removedLine({ digest, kernels }: RemovedTree): string {
  const names = kernels.map(
    ({ kernel }) => `${printable(kernel.release)} ${printable(kernel.fingerprint ?? "(imported)")}`,
  );
  return `removed: ${[shortDigest(digest), ...names].join("  ")}`;
}
