import type { KernelSide } from "../../host/compare/diff/kernel-diff.js";

/** A kernel of which nothing but its release is known. */
export function kernelSide(release: string, tree = "/nowhere"): KernelSide {
  return {
    name: release,
    serial: undefined,
    digest: undefined,
    tree,
    kernel: {
      release,
      fingerprint: undefined,
      version: undefined,
      machine: undefined,
      configDigest: undefined,
      buildId: undefined,
    },
  };
}
