import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { KheadersError } from "../../../shared/errors.js";
import type { PullOptions } from "../../pull/options.js";
import type { LocatedTree } from "../../pull/tree/locate.js";
import { cachedSymvers, symversOf } from "../../symvers/collect.js";
import { textName } from "../../symvers/record.js";

/** Error codes that mean there are no symbol versions to be had: the module is built without them, with a warning. */
const codesWithoutVersions: ReadonlySet<string> = new Set([
  "no-symbol-versions",
  "not-cached",
  "archive-mismatch",
]);

/**
 * Finds the symbol versions for building modules with a tree: for a device's tree those of the device, collected if need be;
 * for another cached tree those in the cache; for a folder outside the cache its own `Module.symvers`. If there are none, a
 * warning says what that means.
 *
 * @returns the path of the file.
 * @throws KheadersError `several-kernels` if the cache has different ones; and what collecting them throws.
 */
export async function symversFor(located: LocatedTree, options: PullOptions): Promise<string | undefined> {
  const warn = (reason: string) =>
    options.onProgress({
      type: "warning",
      message: `${reason}. The kernel has MODVERSIONS: it refuses modules without symbol versions ("no symbol version for module_layout"), or loads them unchecked`,
    });
  if (located.from === "device") {
    try {
      return (await symversOf(located.result, options)).path;
    } catch (error) {
      if (!(error instanceof KheadersError) || !codesWithoutVersions.has(error.code)) throw error;
      warn(error.message);
      return undefined;
    }
  }
  if (located.from === "folder") {
    const own = join(located.tree, textName);
    if (existsSync(own)) return own;
    warn(`the tree has no ${textName} (kheaders symvers makes one)`);
    return undefined;
  }
  const known = options.cache
    .entriesOf(located.digest)
    .map((entry) => cachedSymvers(options.cache, entry)?.path)
    .filter((path) => path !== undefined);
  if (new Set(known.map((path) => readFileSync(path, "utf8"))).size > 1) {
    throw new KheadersError(
      "several-kernels",
      "several kernels have these headers, and their symbol versions differ",
      {
        hint: "Choose a device instead of a tree, with -s.",
      },
    );
  }
  if (known[0] === undefined)
    warn("no symbol versions of this kernel are cached (kheaders symvers collects them)");
  return known[0];
}
