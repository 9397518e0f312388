import {
  changeOf,
  countChanges,
  type SymbolChange,
  type SymbolsDiff,
} from "../../host/compare/diff/kernel-diff.js";

/** The differences of symbols that are given, sorted by name. */
export function symbolsDiff(
  symbols: readonly SymbolChange[],
  isComplete: SymbolsDiff["isComplete"] = { old: true, new: true },
  same = 1,
): SymbolsDiff {
  return {
    isComplete,
    counts: countChanges(symbols.map((symbol) => changeOf(symbol.old, symbol.new))),
    symbols,
    changed: (count) =>
      symbols.filter((symbol) => changeOf(symbol.old, symbol.new) === "changed").slice(0, count),
    same,
  };
}
