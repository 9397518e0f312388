import type { ProgressListener } from "../../shared/progress.js";
import type { Cache, CacheEntry } from "../cache/index.js";
import type { StoreUse } from "./shared-store.js";
import { withinStoreTime } from "./within-store-time.js";

/** Writes what is new in the cache to a store. If that fails, it is a warning: the headers are there. */
export async function writeToStore(
  use: StoreUse,
  entry: CacheEntry,
  { cache, signal, onProgress }: { cache: Cache; signal: AbortSignal; onProgress: ProgressListener },
): Promise<void> {
  const time = { seconds: use.writeSeconds, failed: "the headers were not stored", signal, onProgress };
  await withinStoreTime(time, async (limited) => {
    const store = await use.open();
    onProgress({ type: "stage", stage: "writing-store", detail: store.address });
    await store.write(cache, entry, limited);
  });
}
