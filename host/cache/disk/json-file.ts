import { renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { diskError } from "./errors.js";
import { Fields, Malformed } from "./fields.js";
import { formatNumber, nameOfSmallFile } from "./paths.js";
import { readIfThere } from "./read-file.js";

/**
 * Bytes of a JSON file. Most of it is what a device says about its kernel: a few hundred bytes, and never
 * this much.
 */
const maxBytes = 1024 * 1024;

/**
 * Reads a JSON file of the cache and has `parse` check it. A file that is missing, cut short, emptied, too
 * large, of another format number or of another shape counts as missing.
 *
 * @throws KheadersError `cache-failed` if the disk cannot be read.
 */
export function readJson<T>(file: string, parse: (fields: Fields) => T): T | undefined {
  const text = readIfThere(file, maxBytes);
  if (text === undefined) return undefined;
  try {
    const fields = new Fields(JSON.parse(text.toString()));
    return fields.count("format") === formatNumber ? parse(fields) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof Malformed) return undefined;
    throw error;
  }
}

/**
 * Writes a JSON file under a temporary name and renames it, so that readers see the old one or the new one.
 * Fields that are undefined are left out.
 *
 * @throws KheadersError `disk-full` or `cache-failed`; nothing half-written is left.
 */
export function writeJson(file: string, value: Readonly<Record<string, unknown>>): void {
  replaceFile(file, `${JSON.stringify({ format: formatNumber, ...value }, undefined, 1)}\n`);
}

/** As {@link writeJson}, for text. */
export function replaceFile(file: string, content: string): void {
  const temporary = path.join(path.dirname(file), nameOfSmallFile());
  try {
    writeFileSync(temporary, content, { flag: "wx", mode: 0o644 });
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw diskError(error, "write the cache", file);
  }
}
