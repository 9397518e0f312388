import type { Digest } from "../../../shared/identity.js";
import { type DiskUse, totalOf } from "./disk-use.js";

/** An archive and its tree, as pruning sees them. */
export interface Prunable extends DiskUse {
  /** Milliseconds since 1970. */
  readonly lastUse: number;
  /** Whether a running process holds a lease. */
  readonly inUse: boolean;
}

/** What to remove. */
export interface PruneLimits {
  /** Bytes on the disk that all archives and trees together may take. */
  readonly maxBytes?: number | undefined;
  /** Milliseconds: what was not used for that long is removed. */
  readonly olderThan?: number | undefined;
  /** Milliseconds: what was used within that time stays. */
  readonly grace: number;
}

export interface PrunePlan {
  /** To be removed, the least recently used first. */
  readonly remove: readonly Digest[];
  /** What should be removed but must stay. */
  readonly kept: readonly { readonly digest: Digest; readonly why: "in-use" | "grace" }[];
}

/**
 * Chooses what to remove: what is older than allowed, then what was used least recently until the rest fits.
 * A file that trees share is only freed with the last of them.
 *
 * @param now Milliseconds since 1970.
 */
export function planPrune(items: readonly Prunable[], limits: PruneLimits, now: number): PrunePlan {
  const { maxBytes, olderThan, grace } = limits;
  const remove: Digest[] = [];
  const kept: { digest: Digest; why: "in-use" | "grace" }[] = [];
  const left = new Remaining(items);
  for (const item of items.toSorted((one, other) => one.lastUse - other.lastUse)) {
    const age = now - item.lastUse;
    const isTooOld = olderThan !== undefined && age >= olderThan;
    const isTooMuch = maxBytes !== undefined && left.bytes > maxBytes;
    if (!isTooOld && !isTooMuch) continue;
    if (item.inUse) kept.push({ digest: item.digest, why: "in-use" });
    else if (age < grace) kept.push({ digest: item.digest, why: "grace" });
    else {
      remove.push(item.digest);
      left.remove(item);
    }
  }
  return { remove, kept };
}

/** Bytes that are freed if `removed`, a part of `all`, are removed. */
export function freedBytes(all: readonly DiskUse[], removed: ReadonlySet<Digest>): number {
  return totalOf(all).bytes - totalOf(all.filter((use) => !removed.has(use.digest))).bytes;
}

/** What is left on the disk as one after the other is removed. */
class Remaining {
  bytes = 0;
  /** How many of those left have an inode. */
  readonly #owners = new Map<bigint, number>();

  constructor(uses: Iterable<DiskUse>) {
    for (const { inodes } of uses) {
      for (const [inode, size] of inodes) {
        const owners = this.#owners.get(inode) ?? 0;
        if (owners === 0) this.bytes += size;
        this.#owners.set(inode, owners + 1);
      }
    }
  }

  remove(use: DiskUse): void {
    for (const [inode, size] of use.inodes) {
      const owners = this.#owners.get(inode) ?? 0;
      if (owners === 1) this.bytes -= size;
      this.#owners.set(inode, owners - 1);
    }
  }
}
