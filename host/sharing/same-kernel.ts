import type { KnownKernel } from "../../shared/identity.js";

/**
 * Whether nothing tells two kernels of the same headers apart. Builds that differ in code alone may have the same archive to
 * the byte, and other build-ids, symbol versions and types.
 */
export function mayBeSame(one: KnownKernel, other: KnownKernel): boolean {
  const names = ["version", "machine", "buildId"] as const;
  return (
    one.release === other.release &&
    names.every((name) => one[name] === undefined || other[name] === undefined || one[name] === other[name])
  );
}

/** What is known of one kernel by two: what the first does not know is the second's. */
export function joined(first: KnownKernel, second: KnownKernel): KnownKernel {
  return {
    release: first.release,
    fingerprint: first.fingerprint ?? second.fingerprint,
    version: first.version ?? second.version,
    machine: first.machine ?? second.machine,
    buildId: first.buildId ?? second.buildId,
    configDigest: first.configDigest ?? second.configDigest,
  };
}
