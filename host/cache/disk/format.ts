import { mkdirSync, statSync } from "node:fs";
import { KheadersError } from "../../../shared/errors.js";
import { printable } from "../../../shared/printable.js";
import { diskError, isMissing } from "./errors.js";
import { formatNumber } from "./format-number.js";
import { readIfThere, replaceFile } from "./json-file.js";
import type { CachePaths } from "./paths.js";

/**
 * Checks that a cache folder, where it exists, is laid out as this version of kheaders does it. Writes nothing.
 *
 * @throws KheadersError `cache-format` for the cache of another version, which is left as it is; `cache-failed` where
 * the path is no folder or cannot be read.
 */
export function checkFormat(paths: CachePaths): void {
  checkIsFolder(paths.root);
  const text = formatText(paths);
  if (text === "" || text === String(formatNumber)) return;
  const newer = Number(text) > formatNumber;
  throw new KheadersError(
    "cache-format",
    `the cache ${printable(paths.root, 400)} has format ${printable(text, 20)}, this version of kheaders knows format ${formatNumber}`,
    {
      hint: newer
        ? "Update kheaders, or choose another folder with --cache-dir. The cache was left as it is."
        : "Choose another folder with --cache-dir, or remove this one. It was left as it is.",
    },
  );
}

/**
 * Makes the folders of the cache where they do not exist, and the file with the number of their layout.
 *
 * @throws KheadersError `disk-full`, `cache-failed` or `cache-format`.
 */
export function createLayout(paths: CachePaths): void {
  checkFormat(paths);
  try {
    for (const folder of paths.folders) mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw diskError(error, "make the cache", paths.root);
  }
  if (formatText(paths) === "") replaceFile(paths.format, `${formatNumber}\n`);
}

/**
 * What the file with the format number says: empty where it is missing, or lost its content in a power cut. Every other
 * file of the cache has the number too, so that none is misread.
 */
function formatText(paths: CachePaths): string {
  const text = readIfThere(paths.format)?.toString() ?? "";
  return text.replaceAll("\0", "").trim();
}

function checkIsFolder(root: string): void {
  try {
    if (statSync(root).isDirectory()) return;
  } catch (error) {
    if (isMissing(error)) return;
    throw diskError(error, "read the cache", root);
  }
  throw new KheadersError("cache-failed", `the cache ${printable(root, 400)} is not a folder`, {
    hint: "Choose a folder with --cache-dir.",
  });
}
