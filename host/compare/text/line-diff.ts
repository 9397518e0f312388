/** A run of lines that differs: `old[oldStart, oldEnd)` became `new[newStart, newEnd)`. One of the two may be empty. */
export interface Edit {
  readonly oldStart: number;
  readonly oldEnd: number;
  readonly newStart: number;
  readonly newEnd: number;
}

/** Where lines repeat, each is compared with each, for as many as this; more are taken to be replaced as a whole. */
const maxPairs = 1_000_000;
/** Lines that are unique divide the text at most this often, one part within another. */
const maxDepth = 64;

/**
 * In what two texts differ, line by line. Lines that both have once are found first (Bram Cohen's patience diff), so that a
 * brace does not match the brace of another function. The result is right for any text, and short for texts that are alike.
 */
export function diffLines(old: readonly string[], now: readonly string[]): Edit[] {
  const numbers = new Map<string, number>();
  const comparison = new LineComparison(numbered(old, numbers), numbered(now, numbers));
  comparison.compare({ oldStart: 0, oldEnd: old.length, newStart: 0, newEnd: now.length }, 0);
  return comparison.edits;
}

/** Lines as numbers: equal lines have equal ones. */
function numbered(lines: readonly string[], numbers: Map<string, number>): Int32Array {
  return Int32Array.from(lines, (line) => {
    const known = numbers.get(line);
    if (known !== undefined) return known;
    numbers.set(line, numbers.size);
    return numbers.size - 1;
  });
}

class LineComparison {
  readonly edits: Edit[] = [];
  readonly #old: Int32Array;
  readonly #new: Int32Array;

  constructor(old: Int32Array, now: Int32Array) {
    this.#old = old;
    this.#new = now;
  }

  compare(range: Edit, depth: number): void {
    const inner = this.#trimmed(range);
    const { oldStart, oldEnd, newStart, newEnd } = inner;
    if (oldStart === oldEnd && newStart === newEnd) return;
    if (oldStart === oldEnd || newStart === newEnd || depth > maxDepth) {
      this.#add(inner);
      return;
    }
    const anchors = this.#uniqueInBoth(inner);
    if (anchors.length > 0) this.#compareBetween(inner, anchors, depth);
    else if ((oldEnd - oldStart) * (newEnd - newStart) > maxPairs) this.#add(inner);
    else this.#compareEach(inner);
  }

  /** Compares what lies before, between and after lines that are the same. */
  #compareBetween(
    { oldStart, oldEnd, newStart, newEnd }: Edit,
    anchors: readonly [number, number][],
    depth: number,
  ): void {
    let [oldNext, newNext] = [oldStart, newStart];
    for (const [oldAt, newAt] of anchors) {
      this.compare({ oldStart: oldNext, oldEnd: oldAt, newStart: newNext, newEnd: newAt }, depth + 1);
      [oldNext, newNext] = [oldAt + 1, newAt + 1];
    }
    this.compare({ oldStart: oldNext, oldEnd, newStart: newNext, newEnd }, depth + 1);
  }

  /** Without the lines at the beginning and at the end that are the same. */
  #trimmed(range: Edit): Edit {
    let { oldStart, oldEnd, newStart, newEnd } = range;
    while (oldStart < oldEnd && newStart < newEnd && this.#old[oldStart] === this.#new[newStart]) {
      oldStart += 1;
      newStart += 1;
    }
    while (oldStart < oldEnd && newStart < newEnd && this.#old[oldEnd - 1] === this.#new[newEnd - 1]) {
      oldEnd -= 1;
      newEnd -= 1;
    }
    return { oldStart, oldEnd, newStart, newEnd };
  }

  /** The places of lines that each side has once, as many as have the same order in both. */
  #uniqueInBoth({ oldStart, oldEnd, newStart, newEnd }: Edit): [number, number][] {
    const old = uniquePlaces(this.#old, oldStart, oldEnd);
    const now = uniquePlaces(this.#new, newStart, newEnd);
    const pairs: [number, number][] = [];
    for (const [line, oldAt] of old) {
      const newAt = now.get(line);
      if (oldAt >= 0 && newAt !== undefined && newAt >= 0) pairs.push([oldAt, newAt]);
    }
    pairs.sort(([one], [other]) => one - other);
    return longestRising(pairs);
  }

  /** The longest common subsequence, by a table of all pairs. */
  #compareEach(range: Edit): void {
    const { oldStart, oldEnd, newStart, newEnd } = range;
    const [rows, columns] = [oldEnd - oldStart, newEnd - newStart];
    const width = columns + 1;
    const common = new Uint32Array((rows + 1) * width);
    const at = (row: number, column: number) => common[row * width + column] ?? 0;
    const isSame = (row: number, column: number) =>
      this.#old[oldStart + row] === this.#new[newStart + column];
    for (let row = rows - 1; row >= 0; row -= 1)
      for (let column = columns - 1; column >= 0; column -= 1)
        common[row * width + column] = isSame(row, column)
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1));
    let [row, column] = [0, 0];
    while (row < rows || column < columns) {
      if (row < rows && column < columns && isSame(row, column)) {
        row += 1;
        column += 1;
      } else if (row < rows && (column === columns || at(row + 1, column) >= at(row, column + 1))) {
        this.#addLine(oldStart + row, newStart + column, true);
        row += 1;
      } else {
        this.#addLine(oldStart + row, newStart + column, false);
        column += 1;
      }
    }
  }

  #addLine(oldAt: number, newAt: number, isOld: boolean): void {
    const [oldEnd, newEnd] = isOld ? [oldAt + 1, newAt] : [oldAt, newAt + 1];
    this.#add({ oldStart: oldAt, oldEnd, newStart: newAt, newEnd });
  }

  /** Adds an edit, to the one before if they touch. */
  #add(edit: Edit): void {
    const last = this.edits.at(-1);
    if (last?.oldEnd === edit.oldStart && last.newEnd === edit.newStart)
      this.edits[this.edits.length - 1] = { ...last, oldEnd: edit.oldEnd, newEnd: edit.newEnd };
    else this.edits.push(edit);
  }
}

/** The place of each line; -1 for one that occurs more than once. */
function uniquePlaces(lines: Int32Array, start: number, end: number): Map<number, number> {
  const places = new Map<number, number>();
  for (let at = start; at < end; at += 1) {
    const line = lines[at] ?? 0;
    places.set(line, places.has(line) ? -1 : at);
  }
  return places;
}

/** The longest part of the pairs, sorted by the first of each, in which the second rises, too (by patience sorting). */
function longestRising(pairs: readonly [number, number][]): [number, number][] {
  const piles: number[] = [];
  const before: number[] = [];
  for (const [index, [, place]] of pairs.entries()) {
    let [low, high] = [0, piles.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((pairs[piles[middle] ?? 0]?.[1] ?? 0) < place) low = middle + 1;
      else high = middle;
    }
    before.push(low > 0 ? (piles[low - 1] ?? -1) : -1);
    piles[low] = index;
  }
  const rising: [number, number][] = [];
  for (let index = piles.at(-1) ?? -1; index >= 0; index = before[index] ?? -1) {
    const pair = pairs[index];
    if (pair !== undefined) rising.push(pair);
  }
  return rising.reverse();
}
