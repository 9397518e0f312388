import { printable } from "../../../shared/printable.js";
import type { Kernel } from "./entry.js";

/**
 * Says how the kernel that a device runs differs from the one last seen on its serial, in one line fit for a
 * terminal, or gives undefined if nothing that is known of both differs.
 */
export function describeChange(previous: Kernel, current: Kernel): string | undefined {
  if (previous.release !== current.release) {
    return `a different kernel than last time: release ${printable(previous.release)}, now ${printable(current.release)}`;
  }
  const what = buildDifference(previous, current);
  if (what !== undefined) return `a different build of ${printable(current.release)} than last time: ${what}`;
  if (previous.fingerprint !== current.fingerprint) {
    return `a different system than last time: ${printable(previous.fingerprint)}, now ${printable(current.fingerprint)}`;
  }
  return undefined;
}

function buildDifference(previous: Kernel, current: Kernel): string | undefined {
  if (previous.machine !== current.machine) {
    return `machine ${printable(previous.machine)}, now ${printable(current.machine)}`;
  }
  if (previous.version !== current.version) {
    return `version ${printable(previous.version)}, now ${printable(current.version)}`;
  }
  if (bothKnownAndDifferent(previous.buildId, current.buildId)) {
    return `build-id ${previous.buildId}, now ${current.buildId}`;
  }
  if (bothKnownAndDifferent(previous.configDigest, current.configDigest)) {
    return "its configuration changed";
  }
  return undefined;
}

/** Whether two facts, each undefined if it could not be read, are known to differ. */
export function bothKnownAndDifferent(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && one !== other;
}
