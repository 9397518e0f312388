import { closeSync, fstatSync } from "node:fs";
import { errnoOf } from "../../shared/errors.js";
import { chunksOf, openRegular } from "../archive/chunks.js";
import { readAll } from "./content.js";

/** What is not there, for the errors of open(2). */
const missing: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR"]);

/** The bytes of a regular file; undefined if it is missing, is another kind of file, or has more than `maxBytes`. Throws the system's error. */
export async function readFileUpTo(
  file: string,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  const size = sizeOf(file);
  return size === undefined || size > maxBytes ? undefined : readAll(chunksOf(file, signal), maxBytes);
}

/** How many bytes a regular file has; undefined if it is missing or another kind of file. Throws the system's error. */
export function sizeOf(file: string): number | undefined {
  try {
    const descriptor = openRegular(file);
    if (descriptor === undefined) return undefined;
    try {
      return fstatSync(descriptor).size;
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (missing.has(errnoOf(error) ?? "")) return undefined;
    throw error;
  }
}
