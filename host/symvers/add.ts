import { readFileSync, statSync } from "node:fs";
import { KheadersError, reasonOf } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import { readTreeFacts } from "../kernel/tree-facts.js";
import type { PullOptions } from "../pull/options.js";
import { pull } from "../pull/pull.js";
import type { PullResult } from "../pull/result.js";
import { holdTree } from "../pull/tree/hold.js";
import { cachedSymvers, type Symvers, symversOf } from "./collect.js";
import { type SymversRecord, symversName, textName, withoutModules, writeSymvers } from "./record.js";
import { crcText, type ExportedSymbol, isComplete, maxSymversBytes, parseSymvers } from "./symvers-file.js";

/** A `Module.symvers` that the user has. */
export interface SymversFile {
  /** As the user named it. */
  readonly name: string;
  readonly text: string;
  readonly symbols: ReadonlyMap<string, ExportedSymbol>;
}

/** Reads a `Module.symvers`. @throws KheadersError `usage` if it is not one, or cannot be read. */
export function readSymversFile(name: string): SymversFile {
  let text: string;
  try {
    const stat = statSync(name);
    if (!stat.isFile() || stat.size > maxSymversBytes) throw notOne(name);
    text = readFileSync(name, "utf8");
  } catch (cause) {
    if (cause instanceof KheadersError) throw cause;
    throw new KheadersError("usage", `cannot read ${printable(name, 4096)}: ${reasonOf(cause)}`, { cause });
  }
  return { name, text, symbols: parseSymvers(text, name) };
}

function notOne(name: string): KheadersError {
  return new KheadersError("usage", `${printable(name, 4096)} is not a Module.symvers`);
}

/**
 * Adds the symbols of a file to the symbol versions of the kernel that a device runs, which the cache keeps; collecting anew
 * forgets them. The headers are pulled and the device's own versions collected, if need be. Then runs `work` on them, and
 * until it ends they are neither pruned nor removed.
 *
 * @throws KheadersError `symbol-conflict` if the two differ in a version: the file is of another kernel; and what pulling
 * headers, collecting versions and `work` throw.
 */
export function addSymvers<T>(
  file: SymversFile,
  options: PullOptions,
  work: (added: Symvers) => Promise<T>,
): Promise<T> {
  const { cache, signal } = options;
  return holdTree(
    cache,
    () => pull({ ...options, refresh: false }),
    async (pulled) => {
      const collected = await collectedOf(pulled, options);
      const { entry, serial } = pulled;
      if (entry === undefined) throw notKept();
      const text = mergedText(collected === undefined ? "" : readFileSync(collected.path, "utf8"), file);
      const record = {
        ...withoutModules,
        bytes: 0,
        ...collected,
        symbols: text.split("\n").length - 1,
        // Folders that could not be listed matter no more.
        ...(isComplete(file.symbols) && { isPartial: false, denied: [] }),
      };
      const make = async (folder: string) => writeSymvers(folder, text, recordOf(record));
      await cache.keepExtra(entry.digest, symversName(entry), make, { replace: true, signal });
      const kept = cachedSymvers(cache, entry);
      if (kept === undefined) throw notKept();
      return work({ ...kept, serial, release: pulled.kernel.release, cache: collected?.cache ?? "miss" });
    },
  );
}

/** The device's own versions; undefined if none of its modules has any. */
async function collectedOf(pulled: PullResult, options: PullOptions): Promise<Symvers | undefined> {
  try {
    return await symversOf(pulled, options);
  } catch (error) {
    const isVersioned = readTreeFacts(pulled.tree).config.has("CONFIG_MODVERSIONS");
    if (isVersioned && error instanceof KheadersError && error.code === "no-symbol-versions")
      return undefined;
    throw error;
  }
}

function recordOf(record: SymversRecord): SymversRecord {
  const { symbols, modules, bytes, skipped, isPartial, denied, hasUnusableNames, possibleNamespaces } =
    record;
  return { symbols, modules, bytes, skipped, isPartial, denied, hasUnusableNames, possibleNamespaces };
}

function notKept(): KheadersError {
  return new KheadersError("cache-failed", "the symbol versions were removed by another kheaders", {
    hint: "Try again.",
  });
}

/** The file's lines, and those of collected symbols that it does not have, which are of other modules. */
export function mergedText(collected: string, { name, text, symbols }: SymversFile): string {
  const known = parseSymvers(collected, textName);
  for (const [symbol, { crc }] of known) {
    const its = symbols.get(symbol)?.crc ?? crc;
    if (its === crc) continue;
    throw new KheadersError(
      "symbol-conflict",
      `${printable(name, 4096)} is of another kernel: ${printable(symbol)} has the version ${crcText(its)} in it, and ${crcText(crc)} on the device`,
      { hint: "Take the Module.symvers of the very build that the device runs." },
    );
  }
  const lines = collected
    .split("\n")
    .filter((line) => line !== "" && !symbols.has(line.split("\t")[1] ?? ""));
  return `${[...text.split("\n").filter((line) => line !== ""), ...lines].join("\n")}\n`;
}
