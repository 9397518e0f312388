import { lstatSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../../shared/errors.js";
import type { CacheEntry } from "../cache/index.js";
import type { SkippedModule } from "./collection.js";

/** How symbol versions were collected. */
export interface SymversRecord {
  /** How many symbols have a version. */
  readonly symbols: number;
  /** How many modules they come from. */
  readonly modules: number;
  /** The bytes of these modules. */
  readonly bytes: number;
  readonly skipped: readonly SkippedModule[];
  /** Some folders could not be listed. */
  readonly isPartial: boolean;
  /** Module folders that could not be listed. */
  readonly denied: readonly string[];
  /** Some modules have names with a line break, or that are not UTF-8; these cannot be requested. */
  readonly hasUnusableNames: boolean;
  /** Symbols that may be in a namespace, and in which; undefined in what an older kheaders collected. */
  readonly possibleNamespaces?: Readonly<Record<string, readonly string[]>> | undefined;
}

/** The file that the kernel's Makefile looks for. */
export const textName = "Module.symvers";
const recordName = "record.json";
const format = 1;
/** Bytes of a record. It may hold parts of the device's list of modules, which has at most 8 MiB. */
const maxRecord = 16 * 1024 * 1024;

/** The extra of a tree that holds the symbol versions of one kernel: an archive may serve several. */
export function symversName(entry: Pick<CacheEntry, "id">): string {
  return `symvers-${entry.id}`;
}

/** What is known of symbol versions that do not come from a device's modules. */
export const withoutModules: Omit<SymversRecord, "symbols" | "bytes"> = {
  modules: 0,
  skipped: [],
  isPartial: false,
  denied: [],
  hasUnusableNames: false,
};

/** Makes a folder with symbol versions: the text of `Module.symvers`, and the record. */
export function writeSymvers(folder: string, text: string, record: SymversRecord): void {
  mkdirSync(folder);
  writeFileSync(join(folder, textName), text, { mode: 0o644 });
  writeSymversRecord(folder, record);
}

/** Writes the record of a folder with symbol versions. */
export function writeSymversRecord(folder: string, record: SymversRecord): void {
  const { hasUnusableNames, ...rest } = record;
  // The key on disk stays, so that other versions of kheaders can read the record.
  const onDisk = { format, ...rest, hasUnspeakable: hasUnusableNames };
  writeFileSync(join(folder, recordName), `${JSON.stringify(onDisk)}\n`, { mode: 0o644 });
}

/** Reads the record; undefined if it is missing, is not a record, or has another format. */
export function readSymversRecord(folder: string): SymversRecord | undefined {
  const file = join(folder, recordName);
  try {
    const stat = lstatSync(file);
    if (!stat.isFile() || stat.size > maxRecord) return undefined;
    const { format: itsFormat, hasUnspeakable, ...rest } = JSON.parse(readFileSync(file, "utf8")) ?? {};
    const record = { ...rest, hasUnusableNames: hasUnspeakable === true };
    return itsFormat === format && isRecord(record) ? record : undefined;
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isRecord(value: Partial<Record<keyof SymversRecord, unknown>>): value is SymversRecord {
  const { symbols, modules, bytes, skipped, denied, possibleNamespaces = {} } = value;
  return (
    [symbols, modules, bytes].every((count) => typeof count === "number") &&
    Array.isArray(skipped) &&
    skipped.every((each) => typeof each?.path === "string" && typeof each?.reason === "string") &&
    Array.isArray(denied) &&
    denied.every((each) => typeof each === "string") &&
    isRecordOfNames(possibleNamespaces)
  );
}

function isRecordOfNames(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).every(
    (names) => Array.isArray(names) && names.every((name) => typeof name === "string"),
  );
}
