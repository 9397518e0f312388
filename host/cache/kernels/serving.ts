import type { KernelIdentity } from "../../../shared/identity.js";
import { printable } from "../../../shared/printable.js";
import { bothKnownAndDifferent } from "./change.js";
import type { CacheEntry } from "./entry.js";

/** What is known at the moment, and what could still be asked. */
export interface ServingQuestion {
  /** The running kernel, as far as the device was asked. */
  readonly identity: KernelIdentity;
  /** The entry that was proven in this boot of this serial ({@link Cache.findBoot}), if there is one. */
  readonly boot: CacheEntry | undefined;
  /** The entries of the kernel's key ({@link Cache.entriesFor}). */
  readonly candidates: readonly CacheEntry[];
  /**
   * `hello`: fingerprint, release, version, machine and boot id alone. `facts`: also the kernel's config and
   * build-id, with the rights that the conversation began with. `facts-as-root`: the same, as root.
   */
  readonly asked: "hello" | "facts" | "facts-as-root";
  /** Whether becoming root may still be tried. */
  readonly rootPossible: boolean;
  /** The user vouches that an equal release means equal headers (`--trust-release`). */
  readonly trustRelease: boolean;
}

/** Why an entry serves. */
export type Proof = "boot" | "build-id" | "version-and-config" | "trusted-release";

const proofTexts: Readonly<Record<Proof, string>> = {
  boot: "hit: the same boot",
  "build-id": "hit: equal build-ids",
  "version-and-config": "hit: equal version and configuration",
  "trusted-release": "hit: equal fingerprint and release, trusted",
};

/** Says in a few words why an entry serves. */
export function describeProof(proof: Proof): string {
  return proofTexts[proof];
}

/** Whether the cache may serve, or what to do instead. `why` is one line fit for a terminal. */
export type Serving =
  | { readonly outcome: "hit"; readonly entry: CacheEntry; readonly proof: Proof }
  /** Nothing in the cache can be of this kernel, or nothing can be proven: pull it. */
  | { readonly outcome: "miss"; readonly why: string }
  /** Ask for the kernel's config and build-id, then decide again. */
  | { readonly outcome: "ask-facts"; readonly why: string }
  /** Become root, ask for the build-id, then decide again. */
  | { readonly outcome: "ask-root"; readonly why: string }
  /** Only root could find out, and we cannot become root. */
  | { readonly outcome: "denied"; readonly why: string; readonly hint: string };

/**
 * Decides whether an entry is of the running kernel. An entry serves when something proves it and nothing
 * that is known of both contradicts it; it is never a guess. Within one boot the kernel cannot change, so an
 * entry proven in this boot serves. Otherwise equal build-ids prove it. If they cannot be compared, a version
 * with a real build date, a release without `dirty` and an equal config together prove it, unless they fit
 * several archives: unstamped GKI builds all say `…-maybe-dirty #1 SMP PREEMPT Thu Jan 1 00:00:00 UTC 1970`.
 */
export function decideServing(question: ServingQuestion): Serving {
  const { identity, boot, candidates, asked } = question;
  const release = printable(identity.release);
  if (boot !== undefined && !isContradicted(boot, identity)) return hit(boot, "boot");
  if (candidates.length === 0) return miss(`no kernel ${release} of this system is cached`);

  const possible = newestFirst(candidates.filter((entry) => !isContradicted(entry, identity)));
  if (possible.length === 0) return miss(`only other builds of ${release} are cached`);
  if (asked === "hello") {
    return { outcome: "ask-facts", why: `kernels ${release} are cached; its config and build-id decide` };
  }

  const byBuildId = possible.find((entry) => isSameBuild(entry, identity));
  if (byBuildId !== undefined) return hit(byBuildId, "build-id");
  const byVersion = provenByVersion(candidates, possible, identity);
  if (byVersion !== undefined) return hit(byVersion, "version-and-config");
  const [newest] = possible;
  if (question.trustRelease && newest !== undefined) return hit(newest, "trusted-release");
  return unproven(question, possible, release);
}

function unproven(question: ServingQuestion, possible: readonly CacheEntry[], release: string): Serving {
  if (!possible.some((entry) => entry.kernel.buildId !== undefined)) {
    return miss(`a kernel ${release} is cached, but without a readable build-id to compare`);
  }
  if (question.asked === "facts-as-root") {
    return miss(`a kernel ${release} is cached, but the running one shows no build-id, not even to root`);
  }
  const why = `a kernel ${release} is cached, but only the build-id, which root may read, can show that it is this one`;
  if (question.rootPossible) return { outcome: "ask-root", why };
  return {
    outcome: "denied",
    why,
    hint: "Give the shell root (su, or --root), or vouch for equal headers with --trust-release.",
  };
}

/** Whether something that is known of both shows that the entry is of another kernel. */
function isContradicted({ kernel }: CacheEntry, identity: KernelIdentity): boolean {
  return (
    kernel.release !== identity.release ||
    kernel.version !== identity.version ||
    kernel.machine !== identity.machine ||
    bothKnownAndDifferent(kernel.buildId, identity.buildId) ||
    bothKnownAndDifferent(kernel.configDigest, identity.configDigest)
  );
}

/** Whether equal build-ids prove the entry, which nothing contradicts. */
function isSameBuild({ kernel }: CacheEntry, identity: KernelIdentity): boolean {
  return kernel.buildId !== undefined && kernel.buildId === identity.buildId;
}

/**
 * The possible entry that version, release and config prove. If the same three may belong to several archives, even to
 * one of a kernel that the build-id rules out, they prove nothing. An entry without a config may have this one: the
 * kernel's own was unreadable, or was spoofed.
 */
function provenByVersion(
  candidates: readonly CacheEntry[],
  possible: readonly CacheEntry[],
  identity: KernelIdentity,
): CacheEntry | undefined {
  const { configDigest, release, version } = identity;
  if (configDigest === undefined || isDirty(release) || !hasBuildDate(version)) return undefined;
  const mayAgree = ({ kernel }: CacheEntry) =>
    kernel.version === version && (kernel.configDigest ?? configDigest) === configDigest;
  const archives = new Set(candidates.filter(mayAgree).map((entry) => entry.digest));
  if (archives.size !== 1) return undefined;
  return possible.find(({ kernel }) => kernel.version === version && kernel.configDigest === configDigest);
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

function newestFirst(entries: readonly CacheEntry[]): CacheEntry[] {
  return entries.toSorted((one, other) => other.created.getTime() - one.created.getTime());
}

function hit(entry: CacheEntry, proof: Proof): Serving {
  return { outcome: "hit", entry, proof };
}

function miss(why: string): Serving {
  return { outcome: "miss", why };
}
