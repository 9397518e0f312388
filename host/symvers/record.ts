import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../../shared/errors.js";
import type { CacheEntry } from "../cache/index.js";
import type { SkippedModule } from "./collection.js";

/** How symbol versions were collected. */
export interface SymversRecord {
  /** How many symbols have a version. */
  readonly symbols: number;
  /** The modules that told them. */
  readonly modules: number;
  /** Bytes of these. */
  readonly bytes: number;
  readonly skipped: readonly SkippedModule[];
  /** Not all folders might be looked into. */
  readonly isPartial: boolean;
  /** Module folders that might not be listed. */
  readonly denied: readonly string[];
  /** There are modules whose names cannot be sent. */
  readonly hasUnspeakable: boolean;
}

/** The file that the kernel's Makefile looks for. */
export const textName = "Module.symvers";
const recordName = "record.json";
const format = 1;

/** The extra of a tree that holds the symbol versions of one kernel: an archive may serve several. */
export function symversName(entry: Pick<CacheEntry, "id">): string {
  return `symvers-${entry.id}`;
}

/** Writes the record of a folder with symbol versions. */
export function writeSymversRecord(folder: string, record: SymversRecord): void {
  writeFileSync(join(folder, recordName), `${JSON.stringify({ format, ...record })}\n`, { mode: 0o644 });
}

/** Reads it; undefined where it is not there, or is another version's. */
export function readSymversRecord(folder: string): SymversRecord | undefined {
  try {
    const { format: itsFormat, ...record } = JSON.parse(readFileSync(join(folder, recordName), "utf8"));
    return itsFormat === format ? record : undefined;
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
