import type { Member } from "../../host/archive/reader.js";
import type { Cache, OpenedTree } from "../../host/cache/index.js";
import {
  asBuildId,
  asDigest,
  type BuildId,
  type Digest,
  type KernelIdentity,
} from "../../shared/identity.js";

/** A digest that stands for `name`. */
export function digestNamed(name: string): Digest {
  return required(asDigest(Buffer.from(name).toString("hex").padEnd(64, "0").slice(0, 64)));
}

/** A build-id that stands for `name`. */
export function buildIdNamed(name: string): BuildId {
  return required(asBuildId(Buffer.from(name).toString("hex").padEnd(40, "0").slice(0, 40)));
}

/** A kernel that shows all there is to show, differing from others in what `changes` says. */
export function kernel(changes: Partial<KernelIdentity> = {}): KernelIdentity {
  return {
    fingerprint: "acme/board/board:14/UQ1A.240105.004/1:user/release-keys",
    release: "6.1.57-android14-11",
    version: "#1 SMP PREEMPT Mon Jan 15 09:30:00 UTC 2024",
    machine: "aarch64",
    bootId: "6f3c7a60-0b5e-4d4b-9d8e-2f5f0f3a7f01",
    configDigest: digestNamed("config"),
    buildId: buildIdNamed("build"),
    ...changes,
  };
}

/** An archive as it comes from a device, and what reading it gives: most tests are not about reading. */
export interface SentArchive {
  readonly bytes: Uint8Array;
  readonly entries: readonly Member[];
}

/** A step of a pull, as it is about to be done. */
export type PullStep =
  | "looking up"
  | "locking"
  | "staging"
  | "receiving"
  | "finishing"
  | "publishing"
  | "opening"
  | "discarding";

export interface CachePull {
  readonly identity: KernelIdentity;
  readonly serial: string;
  /** What the device sends; asked for only on a miss. */
  readonly archive: () => SentArchive;
  readonly onStep?: (step: PullStep) => void;
  readonly onWait?: () => void;
}

/** What a pull does with the cache, without a device. The tree comes back opened, as a later pull would find it. */
export async function pullInto(cache: Cache, pull: CachePull): Promise<OpenedTree & { hit: boolean }> {
  const { identity, onStep } = pull;
  onStep?.("looking up");
  const known = await lookUp(cache, pull);
  if (known !== undefined) return { ...known, hit: true };
  onStep?.("locking");
  const lock = await cache.lock(identity, { onWait: pull.onWait });
  try {
    // Somebody else may have pulled it between our look and our lock.
    const pulled = await lookUp(cache, pull);
    if (pulled !== undefined) return { ...pulled, hit: true };
    const published = await receive(cache, pull);
    onStep?.("opening");
    const opened = await cache.open(required(published.entry));
    return { ...required(opened), hit: false };
  } finally {
    lock.release();
  }
}

async function lookUp(cache: Cache, { identity, serial }: CachePull): Promise<OpenedTree | undefined> {
  const serving = cache.serving(identity, serial, {
    asked: "facts-as-root",
    rootPossible: false,
    trustRelease: false,
  });
  if (serving.outcome !== "hit") return undefined;
  const opened = await cache.open(serving.entry);
  if (opened !== undefined) cache.remember(serial, identity, serving.entry);
  return opened;
}

async function receive(cache: Cache, pull: CachePull): Promise<OpenedTree> {
  const { identity, serial, onStep } = pull;
  onStep?.("staging");
  const staging = await cache.stage(identity);
  try {
    onStep?.("receiving");
    const { bytes, entries } = pull.archive();
    const chunk = Math.ceil(bytes.length / entries.length);
    for (const [index, entry] of entries.entries()) {
      staging.archive.write(bytes.subarray(index * chunk, (index + 1) * chunk));
      staging.tree.add(entry);
    }
    onStep?.("finishing");
    const staged = staging.finish();
    onStep?.("publishing");
    return await staged.publish({ identity, serial, source: "module" });
  } finally {
    onStep?.("discarding");
    await staging.discard();
  }
}

/** @throws where a value is undefined that the test needs. */
export function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the test expected a value");
  return value;
}
