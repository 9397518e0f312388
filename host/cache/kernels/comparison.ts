import type { KernelIdentity } from "../../../shared/identity.js";
import { printable } from "../../../shared/printable.js";
import { buildNumberIn } from "../../kernel/public-build.js";
import { bothKnownAndDifferent } from "./change.js";
import type { ConfigDifferences } from "./configs.js";
import type { CacheEntry } from "./entry.js";

/** What is known of the running kernel, to compare entries with it. */
export interface KnownFacts {
  /** The running kernel, as far as the device was asked. */
  readonly identity: KernelIdentity;
  /** How the configurations of imported entries differ from the running kernel's; empty if that is not known. */
  readonly differences: ConfigDifferences;
}

/** At most so many differing options are named. */
const namedDifferences = 5;

/** Says what shows that an entry is of another kernel, as a clause; undefined if nothing that is known of both does. */
export function contradictionOf(
  entry: CacheEntry,
  { identity, differences }: KnownFacts,
): string | undefined {
  const { kernel } = entry;
  for (const what of ["release", "version", "machine"] as const) {
    const [its, running] = [kernel[what], identity[what]];
    if (its === undefined || its === running) continue;
    return `their ${what} is ${printable(its)}, the running kernel's is ${printable(running)}`;
  }
  if (bothKnownAndDifferent(kernel.buildId, identity.buildId)) {
    return `their build-id is ${kernel.buildId}, the running kernel's is ${identity.buildId}`;
  }
  if (hasSameConfig(entry, { identity, differences })) return undefined;
  const differing = differences.get(entry.id);
  if (differing !== undefined) return `their configuration differs in ${nameOptions(differing)}`;
  // Of what came from a device the digests decide: both are of its own file.
  const isOfDevice = entry.origin === undefined;
  return isOfDevice && bothKnownAndDifferent(kernel.configDigest, identity.configDigest)
    ? "their configuration differs"
    : undefined;
}

/** Whether an entry's configuration is known to be the running kernel's: by its bytes, or option by option. */
export function hasSameConfig({ id, kernel }: CacheEntry, { identity, differences }: KnownFacts): boolean {
  if (identity.configDigest === undefined) return false;
  return kernel.configDigest === identity.configDigest || differences.get(id)?.length === 0;
}

/**
 * Whether release and version together can be of one build only: the release was built from unchanged sources, and it
 * names the CI's build or the version says when it was built.
 */
export function isStamped(release: string, version: string | undefined): boolean {
  if (isDirty(release)) return false;
  return buildNumberIn(release) !== undefined || (version !== undefined && hasBuildDate(version));
}

/**
 * Whether a release says that the kernel was built from changed sources (`scripts/setlocalversion`, GKI's
 * build).
 */
export function isDirty(release: string): boolean {
  return /dirty/i.test(release);
}

/**
 * Whether a version (`uname -v`) says when its kernel was built. `scripts/mkcompile_h` puts
 * `KBUILD_BUILD_TIMESTAMP` there, which reproducible builds set to the first moment of 1970 or of another
 * year; Debian writes `(2026-06-24)`.
 */
export function hasBuildDate(version: string): boolean {
  const long = /\b([A-Z][a-z]{2}) +(\d{1,2}) (\d{2}:\d{2}:\d{2})(?: [A-Za-z0-9+:-]+)? (\d{4})\b/.exec(
    version,
  );
  if (long !== null) {
    const [, month, day, time, year] = long;
    return isPlausible(year) && !(month === "Jan" && Number(day) === 1 && time === "00:00:00");
  }
  return isPlausible(/\b(\d{4})-\d{2}-\d{2}\b/.exec(version)?.[1]);
}

/** Whether Android existed in that year. An earlier year means that the date is not real. */
function isPlausible(year: string | undefined): boolean {
  return Number(year) >= 2008;
}

function nameOptions(options: readonly string[]): string {
  const named = options.slice(0, namedDifferences).map((name) => printable(name, 80));
  const more = options.length > named.length ? ` and ${options.length - named.length} more` : "";
  return `${named.join(", ")}${more}`;
}
