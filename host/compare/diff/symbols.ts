import { type ExportedSymbol, isComplete } from "../../symvers/symvers-file.js";
import type { SymbolChange, SymbolsDiff } from "./kernel-diff.js";

/** Compares the versions of the symbols that two kernels export. */
export function diffSymbols(
  one: ReadonlyMap<string, ExportedSymbol>,
  other: ReadonlyMap<string, ExportedSymbol>,
): SymbolsDiff {
  const complete = { old: isComplete(one), new: isComplete(other) };
  const isAlike = complete.old === complete.new;
  const symbols: SymbolChange[] = [];
  let same = 0;
  for (const [name, { crc }] of one) {
    const now = other.get(name)?.crc;
    if (now === crc) same += 1;
    else if (now !== undefined || isAlike) symbols.push({ name, old: crc, new: now });
  }
  for (const [name, { crc }] of other)
    if (isAlike && !one.has(name)) symbols.push({ name, old: undefined, new: crc });
  symbols.sort((left, right) => (left.name < right.name ? -1 : 1));
  return { isComplete: complete, symbols, same };
}
