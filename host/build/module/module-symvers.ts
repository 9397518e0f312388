import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { KheadersError } from "../../../shared/errors.js";
import type { PullOptions } from "../../pull/options.js";
import type { LocatedTree } from "../../pull/tree/locate.js";
import { cachedSymvers, symversOf } from "../../symvers/collect.js";
import { type SymversRecord, textName } from "../../symvers/record.js";

/** Error codes that mean there are no symbol versions to be had: the module is built without them, with a warning. */
const codesWithoutVersions: ReadonlySet<string> = new Set([
  "no-symbol-versions",
  "not-cached",
  "archive-mismatch",
]);

/** The symbol versions of a kernel, or why there are none. */
export type FoundSymvers =
  | { readonly path: string; readonly record: SymversRecord | undefined }
  | { readonly path: undefined; readonly reason: string };

/**
 * Finds the symbol versions for building modules with a tree, as {@link findSymvers}. If there are none, a warning says
 * what that means.
 *
 * @returns the path of the file.
 */
export async function symversFor(located: LocatedTree, options: PullOptions): Promise<string | undefined> {
  const found = await findSymvers(located, options);
  if (found.path !== undefined) return found.path;
  const message = `${found.reason}. The kernel has MODVERSIONS: it refuses modules without symbol versions ("no symbol version for module_layout"), or loads them unchecked`;
  options.onProgress({ type: "warning", message });
  return undefined;
}

/**
 * Finds the symbol versions of a tree's kernel: for a device's tree those of the device, collected if need be; for another
 * cached tree those in the cache; for a folder outside the cache its own `Module.symvers`.
 *
 * @throws KheadersError `several-kernels` if the cache has different ones; and what collecting them throws.
 */
export async function findSymvers(located: LocatedTree, options: PullOptions): Promise<FoundSymvers> {
  if (located.from === "device") {
    try {
      const { path, ...record } = await symversOf(located.result, options);
      return { path, record };
    } catch (error) {
      if (!(error instanceof KheadersError) || !codesWithoutVersions.has(error.code)) throw error;
      return { path: undefined, reason: error.message };
    }
  }
  if (located.from === "folder") {
    const own = join(located.tree, textName);
    if (existsSync(own)) return { path: own, record: undefined };
    return { path: undefined, reason: `the tree has no ${textName} (kheaders symvers makes one)` };
  }
  const known = options.cache
    .entriesOf(located.digest)
    .map((entry) => cachedSymvers(options.cache, entry))
    .filter((symvers) => symvers !== undefined);
  if (known.length > 1 && new Set(known.map(({ path }) => readFileSync(path, "utf8"))).size > 1) {
    throw new KheadersError(
      "several-kernels",
      "several kernels have these headers, and their symbol versions differ",
      {
        hint: "Choose a device instead of a tree, with -s.",
      },
    );
  }
  const [first] = known;
  if (first !== undefined) return { path: first.path, record: first };
  return {
    path: undefined,
    reason: "no symbol versions of this kernel are cached (kheaders symvers collects them)",
  };
}
