import { isCompleteText, readVersions } from "../../symvers/symvers-file.js";
import { type ChangeCounts, changeOf, type SymbolChange, type SymbolsDiff } from "./kernel-diff.js";
import { NameTable, type Side } from "./name-table.js";

/** A `Module.symvers`. */
export interface SymversFile {
  readonly text: Buffer;
  /** What errors call it. */
  readonly name: string;
}

/** Bytes that a line of a `Module.symvers` has at least. */
const minLine = "0x12345678\ts\tm\tEXPORT_\n".length;

/**
 * Compares the versions of the symbols that two kernels export.
 *
 * @throws KheadersError `usage` for a malformed file.
 */
export function diffSymbols(old: SymversFile, now: SymversFile): SymbolsDiff {
  return new SymbolComparison(old, now);
}

class SymbolComparison implements SymbolsDiff {
  readonly isComplete: SymbolsDiff["isComplete"];
  readonly counts: ChangeCounts;
  readonly same: number;
  readonly #names: NameTable;
  readonly #old: Versions;
  readonly #new: Versions;
  /** The numbers of the symbols that differ. */
  readonly #differing: number[] = [];
  #symbols: SymbolChange[] | undefined;

  constructor(old: SymversFile, now: SymversFile) {
    this.isComplete = { old: isCompleteText(old.text), new: isCompleteText(now.text) };
    const capacity = Math.ceil((old.text.length + now.text.length) / minLine) + 1;
    this.#names = new NameTable([old.text, now.text], capacity);
    this.#old = new Versions(this.#names, 0, old, capacity);
    this.#new = new Versions(this.#names, 1, now, capacity);
    const isAlike = this.isComplete.old === this.isComplete.new;
    const counts = { added: 0, removed: 0, changed: 0 };
    let same = 0;
    for (let symbol = 0; symbol < this.#names.count; symbol += 1) {
      const before = this.#old.of(symbol);
      const after = this.#new.of(symbol);
      if (before === after) same += 1;
      else if (isAlike || (before !== undefined && after !== undefined)) {
        counts[changeOf(before, after)] += 1;
        this.#differing.push(symbol);
      }
    }
    [this.counts, this.same] = [counts, same];
  }

  get symbols(): readonly SymbolChange[] {
    this.#symbols ??= this.#changesOf(this.#differing).sort((one, other) => (one.name < other.name ? -1 : 1));
    return this.#symbols;
  }

  changed(count: number): SymbolChange[] {
    const first: number[] = [];
    for (const symbol of this.#differing) {
      if (this.#old.of(symbol) === undefined || this.#new.of(symbol) === undefined) continue;
      const last = first.length < count ? undefined : first.at(-1);
      if (last !== undefined && !this.#names.isLess(symbol, last)) continue;
      const at = first.findIndex((other) => this.#names.isLess(symbol, other));
      first.splice(at < 0 ? first.length : at, 0, symbol);
      first.length = Math.min(first.length, count);
    }
    return this.#changesOf(first);
  }

  #changesOf(symbols: readonly number[]): SymbolChange[] {
    return symbols.map((symbol) => ({
      name: this.#names.nameOf(symbol),
      old: this.#old.of(symbol),
      new: this.#new.of(symbol),
    }));
  }
}

/** The versions of symbols by their numbers. */
class Versions {
  readonly #crcs: Uint32Array;
  readonly #isKnown: Uint8Array;

  constructor(names: NameTable, side: Side, { text, name }: SymversFile, capacity: number) {
    this.#crcs = new Uint32Array(capacity);
    this.#isKnown = new Uint8Array(capacity);
    readVersions(text, name, (start, end, crc) => {
      const symbol = names.numberOf(side, start, end);
      this.#crcs[symbol] = crc;
      this.#isKnown[symbol] = 1;
    });
  }

  of(symbol: number): number | undefined {
    return this.#isKnown[symbol] === 1 ? this.#crcs[symbol] : undefined;
  }
}
