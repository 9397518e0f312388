import type { Digest, KernelIdentity, KnownKernel, Source } from "../../shared/identity.js";
import type { CacheEntry, Kernel, OpenedTree, Proof } from "../cache/index.js";
import type { PullTimes } from "./transfer/clock.js";

/** The headers of the kernel that a device runs. */
export interface PullResult {
  /** Undefined if no device was asked. */
  readonly serial: string | undefined;
  /** All of it is known of a kernel that a device runs; of one that was imported and only found in the cache, often less. */
  readonly kernel: KnownKernel & Pick<KernelIdentity, "bootId">;
  readonly digest: Digest;
  /** Size of the compressed archive. */
  readonly bytes: number;
  /** Path of the compressed archive in the cache. */
  readonly archive: string;
  /** Path of the unpacked tree in the cache. */
  readonly tree: string;
  /** The kernel that was last seen on that serial, if it was another one. */
  readonly previous: Kernel | undefined;
  /** What the cache keeps of that kernel; undefined for headers of another one (`allowMismatch`). */
  readonly entry: CacheEntry | undefined;
  readonly cache: "hit" | "miss";
  /** Why the cache, or a store, could serve; undefined if the headers come from the device, and if no device was asked. */
  readonly proof: Proof | undefined;
  readonly source: Source;
  /** Whether a module that was loaded for this pull is out again; undefined if none was loaded. */
  readonly unloaded: boolean | undefined;
  readonly ms: Readonly<PullTimes>;
}

/** The result that a tree gives, with what the tree does not know; no kernel came before. */
export function resultOf(
  tree: OpenedTree,
  about: Omit<PullResult, keyof OpenedTree | "previous">,
): PullResult {
  const { digest, bytes, archive, tree: path, entry } = tree;
  return { ...about, previous: undefined, digest, bytes, archive, tree: path, entry };
}
