/** Where the hash begins: a text cannot know which of its names would have the same. */
const seed = Math.floor(Math.random() * 0x100000000) | 0;

/** Which of the two texts a name stands in. */
export type Side = 0 | 1;

/**
 * Numbers the names in two texts, the first one 0. They are not decoded: each is known by its place. What is known of them is
 * in few arrays, for to make an object of each of 20,000 names takes longer than to compare them.
 */
export class NameTable {
  readonly #texts: readonly [Buffer, Buffer];
  /** By the end of a hash: the last name that has it, counted from 1. */
  readonly #last: Uint32Array;
  /** Of each name: the one before it that has the same end of its hash, counted from 1. */
  readonly #before: Uint32Array;
  readonly #hashes: Int32Array;
  readonly #starts: Uint32Array;
  readonly #ends: Uint32Array;
  readonly #sides: Uint8Array;
  #count = 0;

  /** @param capacity There are not more names. */
  constructor(texts: readonly [Buffer, Buffer], capacity: number) {
    this.#texts = texts;
    this.#last = new Uint32Array(2 ** Math.ceil(Math.log2(capacity + 1)));
    this.#before = new Uint32Array(capacity);
    this.#hashes = new Int32Array(capacity);
    this.#starts = new Uint32Array(capacity);
    this.#ends = new Uint32Array(capacity);
    this.#sides = new Uint8Array(capacity);
  }

  /** How many names there are. */
  get count(): number {
    return this.#count;
  }

  /**
   * The number of a name: that of the same name, or a new one.
   *
   * @param end The place after its last byte.
   * @param tag Names that have different ones are different: then their hashes are, too, for each step of FNV-1a can be
   * undone.
   */
  numberOf(side: Side, start: number, end: number, tag = 0): number {
    const text = this.#texts[side];
    let hash = seed ^ tag;
    for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ (text[at] ?? 0), 0x01000193);
    // The low bits of an FNV hash are the better ones.
    const place = hash & (this.#last.length - 1);
    for (let known = this.#last[place] ?? 0; known !== 0; known = this.#before[known - 1] ?? 0)
      if (this.#hashes[known - 1] === hash && this.#is(known - 1, text, start, end)) return known - 1;
    const number = this.#count;
    this.#count += 1;
    this.#before[number] = this.#last[place] ?? 0;
    this.#last[place] = number + 1;
    this.#hashes[number] = hash;
    this.#starts[number] = start;
    this.#ends[number] = end;
    this.#sides[number] = side;
    return number;
  }

  /** The name of a number, decoded. */
  nameOf(number: number): string {
    return this.#textOf(number).toString("latin1", this.#starts[number], this.#ends[number]);
  }

  /** Whether a name comes before another one, by their bytes. */
  isLess(one: number, other: number): boolean {
    const text = this.#textOf(one);
    const otherText = this.#textOf(other);
    const start = this.#starts[one] ?? 0;
    const otherStart = this.#starts[other] ?? 0;
    const length = (this.#ends[one] ?? 0) - start;
    const otherLength = (this.#ends[other] ?? 0) - otherStart;
    for (let at = 0; at < length && at < otherLength; at += 1) {
      const byte = text[start + at] ?? 0;
      const otherByte = otherText[otherStart + at] ?? 0;
      if (byte !== otherByte) return byte < otherByte;
    }
    return length < otherLength;
  }

  #textOf(number: number): Buffer {
    return this.#texts[this.#sides[number] === 0 ? 0 : 1];
  }

  #is(number: number, text: Buffer, start: number, end: number): boolean {
    const other = this.#textOf(number);
    const from = this.#starts[number] ?? 0;
    if ((this.#ends[number] ?? 0) - from !== end - start) return false;
    for (let at = start; at < end; at += 1) if (text[at] !== other[from + at - start]) return false;
    return true;
  }
}
