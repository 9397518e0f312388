import { statfsSync } from "node:fs";
import { KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import { openCache, writableFolder } from "../cache/index.js";
import { attempt, type CheckList, ok, warning } from "./check.js";

/** A tree and its archive take 50 MB and 6,700 inodes; twice that, to be safe. */
const neededBytes = 100e6;
const neededInodes = 15_000;

export async function checkDisk(cacheDir: string, checks: CheckList): Promise<void> {
  await attempt(checks, "disk", async () => {
    const folder = writableFolder(cacheDir);
    const { bavail, bsize, ffree, files } = statfsSync(folder);
    const bytes = bavail * bsize;
    const inodes = files === 0 ? "any number of inodes" : `${ffree} inodes`;
    const detail = `${(bytes / 1e9).toFixed(1)} GB and ${inodes} free in ${printable(folder, 4096)}`;
    if (bytes < neededBytes || (files > 0 && ffree < neededInodes)) {
      const hint =
        "Free some space with: kheaders cache prune --max-size 1GB, or choose another --cache-dir.";
      throw new KheadersError("disk-full", detail, { hint });
    }
    checks.add(ok("disk", detail));
  });
}

export async function checkCache(
  options: { readonly cacheDir: string; readonly tool: string },
  checks: CheckList,
): Promise<void> {
  await attempt(checks, "cache", async () => {
    const cache = openCache({ dir: options.cacheDir, tool: options.tool });
    const { kernels } = await cache.list();
    const lost = kernels.filter((kernel) => kernel.stats === undefined).length;
    const detail = kernels.length === 1 ? "1 kernel" : `${kernels.length} kernels`;
    if (lost === 0) checks.add(ok("cache", detail));
    else
      checks.add(
        warning("cache", `${detail}, ${lost} without a tree`, "Repair it with: kheaders cache verify"),
      );
  });
}
