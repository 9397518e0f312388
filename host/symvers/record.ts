import { lstatSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../../shared/errors.js";
import type { CacheEntry } from "../cache/index.js";
import type { SkippedModule } from "./collection.js";

/** How symbol versions were collected. */
export interface SymversRecord {
  /** How many symbols have a version. */
  readonly symbols: number;
  /** The modules that they are from. */
  readonly modules: number;
  /** Bytes of these. */
  readonly bytes: number;
  readonly skipped: readonly SkippedModule[];
  /** Some folders could not be listed. */
  readonly isPartial: boolean;
  /** Module folders that could not be listed. */
  readonly denied: readonly string[];
  /** There are modules whose names cannot be sent. */
  readonly hasUnspeakable: boolean;
}

/** The file that the kernel's Makefile looks for. */
export const textName = "Module.symvers";
const recordName = "record.json";
const format = 1;
/** Bytes of a record. The device's list of modules, of which it may hold parts, has 8 MiB at most. */
const maxRecord = 16 * 1024 * 1024;

/** The extra of a tree that holds the symbol versions of one kernel: an archive may serve several. */
export function symversName(entry: Pick<CacheEntry, "id">): string {
  return `symvers-${entry.id}`;
}

/** Writes the record of a folder with symbol versions. */
export function writeSymversRecord(folder: string, record: SymversRecord): void {
  writeFileSync(join(folder, recordName), `${JSON.stringify({ format, ...record })}\n`, { mode: 0o644 });
}

/** Reads it; undefined if it is not there, is not a record, or is another version's. */
export function readSymversRecord(folder: string): SymversRecord | undefined {
  const file = join(folder, recordName);
  try {
    const stat = lstatSync(file);
    if (!stat.isFile() || stat.size > maxRecord) return undefined;
    const { format: itsFormat, ...record } = JSON.parse(readFileSync(file, "utf8")) ?? {};
    return itsFormat === format && isRecord(record) ? record : undefined;
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isRecord(value: Partial<Record<keyof SymversRecord, unknown>>): value is SymversRecord {
  const { symbols, modules, bytes, skipped, denied } = value;
  return (
    [symbols, modules, bytes].every((count) => typeof count === "number") &&
    Array.isArray(skipped) &&
    skipped.every((each) => typeof each?.path === "string" && typeof each?.reason === "string") &&
    Array.isArray(denied) &&
    denied.every((each) => typeof each === "string")
  );
}
