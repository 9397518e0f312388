import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../../../shared/errors.js";
import { waitingEvent } from "../../../shared/progress.js";
import { type Cache, readHostBootId, replaceFile } from "../../cache/index.js";
import type { PullOptions } from "../../pull/options.js";
import type { LocatedTree } from "../../pull/tree/locate.js";
import { textName } from "../../symvers/record.js";
import { copyTree } from "../../user-files/copy.js";

/** Has the workstation's boot in which the folder was made: a power cut may have emptied the files of older ones. */
const bootName = ".kheaders-host-boot";

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
    writeFileSync(join(folder, bootName), readHostBootId() ?? "");
  };
  const onWait = (pid: number | undefined) => onProgress(waitingEvent("waiting-for-other-build", pid));
  const folder = await cache.keepExtra(digest, name, make, {
    replace: (there) => !isOfThisBoot(there),
    checkedByReaders: true,
    signal,
    onWait,
  });
  placeSymvers(join(folder, textName), symvers);
  return folder;
}

function isOfThisBoot(folder: string): boolean {
  try {
    return readFileSync(join(folder, bootName), "utf8") === readHostBootId();
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw error;
  }
}

function placeSymvers(place: string, symvers: string | undefined): void {
  if (symvers === undefined) {
    rmSync(place, { force: true });
    return;
  }
  const text = readFileSync(symvers, "utf8");
  // The same text keeps its time, so that make does not build everything again.
  if (!existsSync(place) || readFileSync(place, "utf8") !== text) replaceFile(place, text);
}
