import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { waitingEvent } from "../../../shared/progress.js";
import { type Cache, replaceFile } from "../../cache/index.js";
import type { PullOptions } from "../../pull/options.js";
import type { LocatedTree } from "../../pull/tree/locate.js";
import { textName } from "../../symvers/record.js";
import { copyTree } from "../../user-files/copy.js";
import { isOfThisBoot, markBoot } from "../kbuild/host-boot.js";

interface BuildFolderOptions extends Pick<PullOptions, "signal" | "onProgress"> {
  readonly cache: Pick<Cache, "keepExtra">;
}

/**
 * Returns the folder that make uses as the kernel's. For a cached tree it is a writable copy beside it, which stays, so that
 * the next build finds what make has built. A folder outside the cache is used as it is.
 *
 * @param symvers path of the `Module.symvers` to place there; without one, that of an earlier build is removed.
 * @throws KheadersError `cache-failed`, `disk-full`, `output-failed`; the signal's reason when it aborts.
 */
export async function buildFolder(
  located: LocatedTree,
  symvers: string | undefined,
  { cache, signal, onProgress }: BuildFolderOptions,
): Promise<string> {
  const { digest, entry, tree } = located;
  if (digest === undefined) return tree;
  // Symbol versions are the kernel's: kernels that share an archive must not share them.
  const name = entry === undefined ? "build" : `build-${entry.id}`;
  const make = async (folder: string) => {
    onProgress({ type: "stage", stage: "copying", detail: "the tree, to build in" });
    await copyTree({ tree }, folder, signal);
    markBoot(folder);
  };
  const onWait = (pid: number | undefined) => onProgress(waitingEvent("waiting-for-other-build", pid));
  const folder = await cache.keepExtra(digest, name, make, {
    replace: (there) => !isOfThisBoot(there),
    checkedByReaders: true,
    signal,
    onWait,
  });
  placeSymvers(folder, symvers);
  return folder;
}

/**
 * Places symbol versions where make looks for them.
 *
 * @param symvers path of the `Module.symvers`; without one, that of an earlier build is removed.
 */
export function placeSymvers(folder: string, symvers: string | undefined): void {
  const place = join(folder, textName);
  if (symvers === undefined) {
    rmSync(place, { force: true });
    return;
  }
  const text = readFileSync(symvers, "utf8");
  // The same text keeps its time, so that make does not build everything again.
  if (!existsSync(place) || readFileSync(place, "utf8") !== text) replaceFile(place, text);
}
