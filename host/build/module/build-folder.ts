import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../../../shared/errors.js";
import { waitingEvent } from "../../../shared/progress.js";
import { type Cache, readHostBootId, replaceFile } from "../../cache/index.js";
import type { PullOptions } from "../../pull/options.js";
import type { LocatedTree } from "../../pull/tree/locate.js";
import { textName } from "../../symvers/record.js";
import { copyTree } from "../../user-files/copy.js";

/** Holds the boot of the workstation in which the folder was made: a power cut may have emptied what is older. */
const bootName = ".kheaders-host-boot";

interface BuildFolderOptions extends Pick<PullOptions, "signal" | "onProgress"> {
  readonly cache: Pick<Cache, "keepExtra">;
}

/**
 * Gives the folder that make works with as the kernel's: of a cached tree a writable copy beside it, which stays, so that make
 * finds at the next build what it made; a folder of the user's own is its own.
 *
 * @param symvers path of the `Module.symvers` that belongs there; where there is none, that of an earlier build goes.
 * @throws KheadersError `cache-failed`, `disk-full`, `output-failed`; the signal's reason when it aborts.
 */
export async function buildFolder(
  located: LocatedTree,
  symvers: string | undefined,
  { cache, signal, onProgress }: BuildFolderOptions,
): Promise<string> {
  const { digest, entry, tree } = located;
  if (digest === undefined) return tree;
  // Symbol versions are the kernel's: kernels with one archive must not take them from each other.
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
