import { readdirSync, statSync } from "node:fs";
import path from "node:path";
import { KheadersError } from "../../../shared/errors.js";
import { printable } from "../../../shared/printable.js";
import { diskError, isMissing } from "./errors.js";
import { makeFolders } from "./folders.js";
import { replaceFile } from "./json-file.js";
import { btfFolder, CachePaths, formatNumber, isTemporaryName } from "./paths.js";
import { readIfThere } from "./read-file.js";

/*
 * Versions of kheaders with different layouts work side by side in one cache folder. The first layout lies in
 * the folder itself, whose file `format` has its number. Any other lies in a folder of its own, `v<number>`,
 * with a `format` of its own; a version leaves the folders of others alone.
 */

/** Bytes of a file with a format number. */
const maxFormatBytes = 1024;

/**
 * What a cache folder may have besides its layout: the folders of other layouts, and what a new file system
 * has.
 */
const isHarmless = /^(?:v\d+|lost\+found)$/;

/**
 * Finds where in a cache folder the layout of this version lies, or will lie. Writes nothing.
 *
 * @throws KheadersError `cache-format` if another layout is in its place; `cache-failed` if the path is not a
 * folder, has files that are not a cache's, or cannot be read.
 */
export function findLayout(dir: string): CachePaths {
  const paths = new CachePaths(dir);
  if (isOurs(paths)) return paths;
  const apart = new CachePaths(dir, `v${formatNumber}`);
  checkFormat(apart);
  return apart;
}

/** Checks that a layout's place has this version's layout or is free, as {@link findLayout}. */
export function checkFormat(paths: CachePaths): void {
  if (isOurs(paths)) return;
  throw new KheadersError(
    "cache-format",
    `the cache ${printable(paths.base, 400)} has another format; this version of kheaders knows format ${formatNumber}`,
    { hint: "Choose another folder with --cache-dir. The cache was left as it is." },
  );
}

/**
 * Makes the folders of the cache, and the file with the number of their layout, if they do not exist.
 *
 * @throws KheadersError `disk-full`, `cache-failed` or `cache-format`.
 */
export function createLayout(paths: CachePaths): void {
  checkFormat(paths);
  try {
    makeFolders(paths.base);
    // First of all: a folder that has other files but no format is not taken for a cache.
    if (formatText(paths) === "") replaceFile(paths.format, `${formatNumber}\n`);
    for (const folder of paths.folders) makeFolders(folder);
  } catch (error) {
    throw diskError(error, "make the cache", paths.base);
  }
}

/** Whether a place has the layout of this version or is free for it; false if it has another. */
function isOurs(paths: CachePaths): boolean {
  if (!isFolder(paths.base)) return true;
  const text = formatText(paths);
  if (text === String(formatNumber)) return true;
  if (/^\d{1,9}$/.test(text)) return false;
  checkIsFree(paths, text !== "");
  return true;
}

/**
 * What the file with the format number says: empty if it is missing or lost its content in a power cut. Every
 * other file of the cache has the number too, so that none is misread.
 */
function formatText(paths: CachePaths): string {
  const text = readIfThere(paths.format, maxFormatBytes)?.toString() ?? "";
  return text.replaceAll("\0", "").trim();
}

/** Whether the cache folder exists. */
function isFolder(folder: string): boolean {
  try {
    if (statSync(folder).isDirectory()) return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw diskError(error, "read the cache", folder);
  }
  throw new KheadersError("cache-failed", `the cache ${printable(folder, 400)} is not a folder`, {
    hint: "Choose a folder with --cache-dir.",
  });
}

/** Checks that a folder without a format number has only what kheaders itself makes there. */
function checkIsFree(paths: CachePaths, hasStrangeFormat: boolean): void {
  const btf = path.join(paths.base, btfFolder);
  const own = new Set([...paths.folders, paths.extras, btf, ...(hasStrangeFormat ? [] : [paths.format])]);
  const isOwn = (name: string) =>
    own.has(path.join(paths.base, name)) || isTemporaryName(name) || isHarmless.test(name);
  const strange = namesIn(paths.base).find((name) => !isOwn(name));
  if (strange === undefined) return;
  throw new KheadersError(
    "cache-failed",
    `${printable(paths.base, 400)} is not a kheaders cache: it has other files, such as "${printable(strange, 100)}"`,
    {
      hint: "Choose a folder that is empty or does not exist, with --cache-dir or KHEADERS_CACHE_DIR. Nothing was changed.",
    },
  );
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw diskError(error, "read the cache", folder);
  }
}
