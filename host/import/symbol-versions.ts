import type { Cache, CacheEntry } from "../cache/index.js";
import { symversName, withoutModules, writeSymvers } from "../symvers/record.js";
import { contradiction, type Fact } from "./findings.js";

/** Puts several `Module.symvers` together: that of the kernel, and those of its modules. Throws `archive-mismatch` if two differ in a CRC. */
export function mergeSymvers(texts: readonly Fact<string>[]): string | undefined {
  if (texts.length === 0) return undefined;
  const known = new Map<string, Fact<string>>();
  for (const { from, value } of texts) {
    for (const line of value.split("\n")) {
      const [crc = "", symbol] = line.split("\t");
      if (symbol === undefined) continue;
      const other = known.get(symbol);
      if (other !== undefined && !other.value.startsWith(`${crc}\t`))
        throw contradiction(
          `version of ${symbol}`,
          { from: other.from, value: crcOf(other) },
          { from, value: crc },
        );
      if (other === undefined) known.set(symbol, { from, value: line });
    }
  }
  return Array.from(known.values(), ({ value }) => `${value}\n`).join("");
}

function crcOf({ value }: Fact<string>): string {
  return value.split("\t")[0] ?? "";
}

/**
 * Keeps the symbol versions of an entry's kernel beside its tree, where `symvers` and `module` look for them.
 *
 * Throws `cache-failed` or `disk-full`, or the signal's reason.
 */
export async function keepSymvers(
  cache: Cache,
  entry: CacheEntry,
  text: string,
  signal: AbortSignal,
): Promise<void> {
  const counts = { symbols: text.split("\n").length - 1, bytes: Buffer.byteLength(text) };
  const make = async (folder: string) => writeSymvers(folder, text, { ...withoutModules, ...counts });
  await cache.keepExtra(entry.digest, symversName(entry), make, { replace: true, signal });
}
