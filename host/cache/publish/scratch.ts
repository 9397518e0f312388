import { mkdirSync } from "node:fs";
import { diskError } from "../disk/errors.js";
import { makeFolders } from "../disk/folders.js";
import type { Store } from "../store.js";
import { Work } from "./work.js";

/** A folder for temporary files on the disk of the cache. */
export interface Scratch {
  /** Absolute. */
  readonly path: string;
  /** Removes it. May be called again. If this process dies first, a later one removes it. */
  end(): Promise<void>;
}

/** See {@link Cache.scratch}. */
export async function makeScratch(store: Store, signal: AbortSignal | undefined): Promise<Scratch> {
  const work = await Work.begin(store, signal);
  try {
    makeFolders(store.paths.extras);
    mkdirSync(work.extra, { mode: 0o700 });
  } catch (error) {
    await work.end();
    throw diskError(error, "write the cache", work.extra);
  }
  return { path: work.extra, end: () => work.end({ signal }) };
}
