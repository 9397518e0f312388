export { type Cache, type CacheOptions, type OpenOptions, openCache } from "./cache.js";
export { cacheDir } from "./cache-dir.js";
export { describeChange } from "./change.js";
export type { CacheEntry, Kernel } from "./entry.js";
export type { Lease } from "./lease.js";
export type { Lock, LockOptions } from "./lock.js";
export type { OpenedTree } from "./opened-tree.js";
export { decideServing, type Evidence, type Serving, type ServingQuestion } from "./serving.js";
export type { Staged, Staging } from "./staging.js";
