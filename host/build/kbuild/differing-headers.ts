import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { errnoOf } from "../../../shared/errors.js";
import { findInRoots } from "./source.js";

/**
 * The headers of a tree that a source has otherwise or not at all, sorted; those that a build generates are left out.
 * Comments do not count: kernels put their headers into the archive without them.
 *
 * @param roots as `rootsOf` gives them.
 * @param arch the folder in `arch/`.
 */
export async function differingHeaders(
  tree: string,
  roots: readonly string[],
  arch: string,
  signal: AbortSignal,
): Promise<string[]> {
  const differing: string[] = [];
  for (const folder of ["include", `arch/${arch}/include`]) {
    for (const path of headersIn(tree, folder)) {
      signal.throwIfAborted();
      const theirs = findInRoots(roots, path);
      if (theirs === undefined || !isSameCode(join(tree, path), theirs)) differing.push(path);
    }
    await nextTurn();
  }
  return differing.sort();
}

function headersIn(tree: string, folder: string): string[] {
  const isGenerated = (path: string) => /^(?:generated|config)\//.test(path);
  return readdirSync(join(tree, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".h"))
    .map((entry) => join(entry.parentPath, entry.name).slice(join(tree, folder).length + 1))
    .filter((path) => !isGenerated(path))
    .map((path) => `${folder}/${path}`);
}

function isSameCode(one: string, other: string): boolean {
  const [left, right] = [readIfFile(one), readIfFile(other)];
  if (left === undefined || right === undefined) return false;
  return left.equals(right) || withoutComments(left) === withoutComments(right);
}

/** Linux kernel/gen_kheaders.sh removes comments, but for those that state a licence. */
function withoutComments(text: Buffer): string {
  return text.toString("latin1").replace(/\/\*(?:(?!SPDX)[\s\S])*?\*\//g, "");
}

function readIfFile(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (errnoOf(error) === "EISDIR" || errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
