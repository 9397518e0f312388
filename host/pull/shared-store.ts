import type { KernelIdentity } from "../../shared/identity.js";
import type { ProgressListener } from "../../shared/progress.js";
import type { Cache, CacheEntry, Offer, OpenedTree } from "../cache/index.js";
import type { KernelEvidence } from "../kernel/belonging.js";
import type { KernelConfig } from "../kernel/config.js";

/** A store that hosts share, and what a pull does with it. */
export interface StoreUse {
  /** Whether what is new to the cache is written to the store. */
  readonly write: boolean;
  /** Seconds that asking may take, the transfer included; then the device is pulled from. */
  readonly askSeconds: number;
  /** Seconds that writing may take. */
  readonly writeSeconds: number;
  /** Opens it. Nothing is asked yet. */
  open(): Promise<SharedStore>;
}

/** A store, as a pull sees it. What it throws has one of {@link storeErrors}, or is the cache's. */
export interface SharedStore {
  /** As the user knows it. */
  readonly address: string;
  /** Reaches the store ahead of the first question. An error is not told here: the question meets it again. */
  connect(signal: AbortSignal): Promise<void>;
  /** What may be of a kernel, the surest first, one at a time: the store is asked for no more than the caller takes. */
  offers(
    kernel: { readonly identity: KernelIdentity; readonly config: KernelConfig | undefined },
    signal: AbortSignal,
  ): AsyncIterable<StoreOffer>;
  /** Stores what the cache has of a kernel. */
  write(cache: Cache, entry: CacheEntry, signal: AbortSignal): Promise<void>;
}

/** Headers that a store has. */
export interface StoreOffer extends Offer {
  /** Takes them into the cache. `check` sees what the archive says of its kernel before anything is published. */
  take(options: {
    readonly cache: Cache;
    readonly check: (evidence: KernelEvidence) => void;
    readonly signal: AbortSignal;
    readonly onProgress: ProgressListener;
  }): Promise<{
    readonly tree: OpenedTree;
    readonly entry: CacheEntry;
    readonly transferMilliseconds: number;
  }>;
}

/** The errors that are the store's, or of what it gave: without it the work goes on. */
export const storeErrors: ReadonlySet<string> = new Set([
  "store-failed",
  "store-denied",
  "store-corrupt",
  "store-conflict",
  "archive-refused",
  "archive-corrupt",
  "archive-mismatch",
  // A credential helper.
  "tool-missing",
]);
