import type { KernelIdentity } from "../../../shared/identity.js";
import { printable } from "../../../shared/printable.js";
import { buildNumberIn } from "../../kernel/public-build.js";
import { contradictionOf, hasSameConfig, isStamped, type KnownFacts } from "./comparison.js";
import type { CacheEntry } from "./entry.js";
import { explainImported } from "./imported.js";

/** What is known at the moment, and what could still be asked. */
export interface ServingQuestion extends KnownFacts {
  /** The entry that was proven in this boot of this serial ({@link Cache.findBoot}), if there is one. */
  readonly boot: CacheEntry | undefined;
  /** The entries that may be of a kernel with that key ({@link Cache.entriesFor}). */
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
export type Proof = "boot" | "build-id" | "version-and-config" | "release-and-config" | "trusted-release";

const proofTexts: Readonly<Record<Proof, string>> = {
  boot: "hit: the same boot",
  "build-id": "hit: equal build-ids",
  "version-and-config": "hit: equal version and configuration",
  "release-and-config": "hit: equal release, which names its public build, and equal configuration",
  "trusted-release": "hit: equal release, trusted",
};

/** Says in a few words why an entry serves. */
export function describeProof(proof: Proof): string {
  return proofTexts[proof];
}

/** Whether the cache may serve, or what to do instead. `why` is one line fit for a terminal. */
export type Serving =
  | { readonly outcome: "hit"; readonly entry: CacheEntry; readonly proof: Proof }
  /** Ask for the kernel's config and build-id, then decide again. */
  | { readonly outcome: "ask-facts"; readonly why: string }
  | (NotServing & {
      /** Why headers that were imported for this release do not serve ({@link explainImported}). */
      readonly imported: string | undefined;
    });

type NotServing =
  /** Nothing in the cache can be of this kernel, or nothing can be proven: pull it. */
  | { readonly outcome: "miss"; readonly why: string }
  /** Become root, ask for the build-id, then decide again. */
  | { readonly outcome: "ask-root"; readonly why: string }
  /** Only root could find out, and we cannot become root. */
  | { readonly outcome: "denied"; readonly why: string; readonly hint: string };

/**
 * Decides whether an entry is of the running kernel. An entry serves when something proves it and nothing
 * that is known of both contradicts it; it is never a guess. Within one boot the kernel cannot change, so an
 * entry proven in this boot serves. Otherwise equal build-ids prove it. If they cannot be compared, a version
 * with a real build date, a release without `dirty` and an equal config together prove it, unless they fit
 * several archives: unstamped GKI builds all say `…-maybe-dirty #1 SMP PREEMPT Thu Jan 1 00:00:00 UTC 1970`. A
 * release that names the CI's build needs no version.
 */
export function decideServing(question: ServingQuestion): Serving {
  const { identity, boot, candidates, asked } = question;
  const release = printable(identity.release);
  if (boot !== undefined && contradictionOf(boot, question) === undefined) return hit(boot, "boot");
  const possible = candidates.filter((entry) => contradictionOf(entry, question) === undefined);
  if (asked === "hello" && possible.length > 0) {
    return { outcome: "ask-facts", why: `kernels ${release} are cached; its config and build-id decide` };
  }
  const proven = provenOf(preferred(possible), question);
  if (proven !== undefined) return proven;
  const imported = explainImported(preferred(candidates), question);
  return { ...unproven(question, possible, release), imported };
}

function provenOf(possible: readonly CacheEntry[], question: ServingQuestion): Serving | undefined {
  const byBuildId = possible.find((entry) => isSameBuild(entry, question.identity));
  if (byBuildId !== undefined) return hit(byBuildId, "build-id");
  const stamped = provenByStamp(possible, question);
  if (stamped !== undefined) {
    return hit(stamped, stamped.kernel.version === undefined ? "release-and-config" : "version-and-config");
  }
  const [first] = possible;
  return question.trustRelease && first !== undefined ? hit(first, "trusted-release") : undefined;
}

function unproven(question: ServingQuestion, possible: readonly CacheEntry[], release: string): NotServing {
  if (question.candidates.length === 0) return miss(`no kernel ${release} of this system is cached`);
  if (possible.length === 0) return miss(`only other builds of ${release} are cached`);
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

/** Whether equal build-ids prove the entry, which nothing contradicts. */
function isSameBuild({ kernel }: CacheEntry, identity: KernelIdentity): boolean {
  return kernel.buildId !== undefined && kernel.buildId === identity.buildId;
}

/**
 * The possible entry that release, version and config prove. If the same three may belong to several archives, even to
 * one of a kernel that the build-id rules out, they prove nothing. An entry without a config may have this one: the
 * kernel's own was unreadable, or was spoofed. The number of a public build means one kernel; whatever of it was imported,
 * packed in several ways, is of that kernel.
 */
function provenByStamp(
  possible: readonly CacheEntry[],
  { candidates, ...facts }: ServingQuestion,
): CacheEntry | undefined {
  const { configDigest, release, version } = facts.identity;
  const fits = (entry: CacheEntry) =>
    hasSameConfig(entry, facts) &&
    (entry.kernel.version ?? version) === version &&
    isStamped(release, entry.kernel.version);
  const mayFit = (entry: CacheEntry) =>
    fits(entry) ||
    (entry.origin === undefined &&
      entry.kernel.version === version &&
      (entry.kernel.configDigest ?? configDigest) === configDigest);
  const proven = possible.find(fits);
  if (proven === undefined) return undefined;
  const rivals = candidates.filter((entry) => mayFit(entry) && (isOfDevice(entry) || !isOfDevice(proven)));
  if (new Set(rivals.map(({ digest }) => digest)).size === 1) return proven;
  const isOneBuild = buildNumberIn(release) !== undefined && !rivals.some(isOfDevice);
  return isOneBuild ? proven : undefined;
}

/** What came from a device before what was imported, then the latest first. */
function preferred(entries: readonly CacheEntry[]): CacheEntry[] {
  return entries.toSorted(
    (one, other) =>
      Number(isOfDevice(other)) - Number(isOfDevice(one)) || other.created.getTime() - one.created.getTime(),
  );
}

function isOfDevice({ origin }: CacheEntry): boolean {
  return origin === undefined;
}

function hit(entry: CacheEntry, proof: Proof): Serving {
  return { outcome: "hit", entry, proof };
}

function miss(why: string): NotServing {
  return { outcome: "miss", why };
}
