import { type Kind, kinds } from "./kinds.js";
import { elementCount, headWords, kindFlag, kindNumber } from "./walk.js";

/**
 * The types of a file as its words, for work on all of them: nothing is decoded. What is asked of a type that the file does
 * not have, or of its elements where it has none, is 0.
 */
export class TypeWords {
  /** Names, each ended by NUL. */
  readonly names: Buffer;
  /** All of them, one after the other, as they lie in the file; {@link TypeWords.bodyAt} tells where. */
  readonly words: Uint32Array;
  readonly #starts: Uint32Array;

  /** @param starts Where each type begins; the first is type 1. */
  constructor(words: Uint32Array, starts: Uint32Array, names: Buffer) {
    this.words = words;
    this.#starts = starts;
    this.names = names;
  }

  /** The number after the last type. */
  get endId(): number {
    return this.#starts.length + 1;
  }

  /** The types of some kinds that have a name, in their order. */
  namedOf(wanted: readonly Kind[]): Uint32Array {
    const words = this.words;
    const starts = this.#starts;
    const isWanted = new Uint8Array(128);
    for (const [number, kind] of kinds.entries()) if (wanted.includes(kind)) isWanted[number] = 1;
    const found = new Uint32Array(starts.length);
    let count = 0;
    // A plain loop: there may be 100,000 types, and this code has never run before.
    for (let index = 0; index < starts.length; index += 1) {
      const start = starts[index] ?? 0;
      if (words[start] === 0 || isWanted[kindNumber(words[start + 1] ?? 0)] === 0) continue;
      found[count] = index + 1;
      count += 1;
    }
    return found.subarray(0, count);
  }

  kindOf(id: number): Kind {
    return kinds[kindNumber(this.#head(id, 1))] ?? "unknown";
  }

  /** Where its name begins; 0 for none. */
  nameAt(id: number): number {
    return this.#head(id, 0);
  }

  flagOf(id: number): boolean {
    return kindFlag(this.#head(id, 1));
  }

  /** How many elements it has. */
  countOf(id: number): number {
    return elementCount(this.#head(id, 1));
  }

  /** A size or a type. */
  thirdOf(id: number): number {
    return this.#head(id, 2);
  }

  /** Where a type's words begin after its first three; past the end of all words if there is no such type. */
  bodyAt(id: number): number {
    return (this.#starts[id - 1] ?? this.words.length) + headWords;
  }

  /** A word of what follows the first three. */
  wordOf(id: number, index: number): number {
    return this.#head(id, headWords + index);
  }

  #head(id: number, index: number): number {
    const start = this.#starts[id - 1];
    return start === undefined ? 0 : (this.words[start + index] ?? 0);
  }
}
