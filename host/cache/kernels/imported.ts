import { printable } from "../../../shared/printable.js";
import { contradictionOf, hasSameConfig, isDirty, isStamped, type KnownFacts } from "./comparison.js";
import type { CacheEntry } from "./entry.js";

/**
 * Says in one line, fit for a terminal, why headers that were imported for the running kernel's release do not serve it:
 * what shows that they are of another kernel, or what is missing to be sure. Undefined if none were imported.
 *
 * @param candidates The latest first.
 */
export function explainImported(candidates: readonly CacheEntry[], facts: KnownFacts): string | undefined {
  const imported = candidates.filter(({ origin }) => origin !== undefined);
  const entry = imported.find((each) => contradictionOf(each, facts) === undefined) ?? imported[0];
  if (entry?.origin === undefined) return undefined;
  const what = `the imported headers of ${printable(entry.kernel.release)} (${printable(entry.origin)})`;
  const contradiction = contradictionOf(entry, facts);
  if (contradiction !== undefined) return `${what} are of another kernel: ${contradiction}`;
  return `${what} may be of another kernel: ${whatIsMissing(entry, facts)}`;
}

/** What would have to be known of an entry that nothing contradicts, as a clause. */
function whatIsMissing(entry: CacheEntry, facts: KnownFacts): string {
  const { release, version, buildId } = entry.kernel;
  const byBuildId =
    buildId === undefined
      ? "import the kernel's boot image or vmlinux with them, which have its build-id"
      : "only its build-id, which root may read, can show that they are its own";
  if (isDirty(release)) return `the release says that the sources were changed; ${byBuildId}`;
  if (!isStamped(release, version)) {
    return version === undefined
      ? "their version (uname -v) is not known; import the kernel's boot image or vmlinux with them"
      : `the version has no real build date; ${byBuildId}`;
  }
  if (!hasSameConfig(entry, facts)) {
    return facts.identity.configDigest === undefined
      ? `the device does not show its configuration (/proc/config.gz); ${byBuildId}`
      : "their configuration cannot be read; check the cache with: kheaders cache verify";
  }
  return "other headers in the cache fit as well; remove those that are wrong with: kheaders cache rm";
}
