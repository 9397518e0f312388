import { knownPayloads, type Payload } from "./kinds.js";
import { MalformedBtf } from "./malformed.js";
import { type BtfSections, readSections } from "./sections.js";

/** Words that each type begins with: name, information, and a size or a type (struct btf_type). */
export const headWords = 3;

/**
 * The kind's number. It had 5 bits until 2026 and has 7 since (`BTF_INFO_KIND`); the two were always 0 before.
 *
 * @param information The second word of a type.
 */
export function kindNumber(information: number): number {
  return (information >>> 24) & 0x7f;
}

/** How many elements follow, such as members. It had 16 bits until 2026, with 8 that were 0 (`BTF_INFO_VLEN`). */
export function elementCount(information: number): number {
  return information & 0xffffff;
}

/** The flag whose meaning depends on the kind (`BTF_INFO_KFLAG`). */
export function kindFlag(information: number): boolean {
  return information >>> 31 === 1;
}

/** Types that a walk goes on by at least: to go by one would take longer for what surrounds it. */
const minStep = 256;

/**
 * Where each type begins, in words. Types have different lengths and no index, so it is found by a walk from the first one,
 * which goes as far as it must: most of what is asked for lies among a kernel's first types.
 */
export class TypeIndex {
  readonly #types: Uint32Array;
  readonly #lengths: Uint8Array;
  readonly #elements: Uint8Array;
  readonly #starts: Uint32Array;
  /** How many were found. */
  #found = 0;
  /** Where the next one begins. */
  #next = 0;

  constructor({ types, layout }: Pick<BtfSections, "types" | "layout">) {
    const { lengths, elements } = lengthsOf(layout);
    this.#types = types;
    this.#lengths = lengths;
    this.#elements = elements;
    this.#starts = new Uint32Array(Math.floor(types.length / headWords));
  }

  /** Where each of all types begins. Throws {@link MalformedBtf} as {@link TypeIndex.startOf} does. */
  get starts(): Uint32Array {
    this.#walk(this.#starts.length, this.#types.length);
    return this.#starts.subarray(0, this.#found);
  }

  /** How many types there are. Throws as {@link TypeIndex.startOf} does. */
  get count(): number {
    return this.starts.length;
  }

  /**
   * The first word of a type, by its place among all; undefined if there are fewer. Throws {@link MalformedBtf} for a kind
   * whose length cannot be known, and for a last type that does not end within the section.
   */
  startOf(index: number): number | undefined {
    if (index >= this.#found) this.#walk(index + 1, 0);
    return index < this.#found ? this.#starts[index] : undefined;
  }

  /** The place of the type that begins at a word; undefined if none does. Throws as {@link TypeIndex.startOf} does. */
  indexAt(word: number): number | undefined {
    if (word >= this.#next) this.#walk(0, word + 1);
    let [low, high] = [0, this.#found];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#starts[middle] ?? 0) < word) low = middle + 1;
      else high = middle;
    }
    return low < this.#found && this.#starts[low] === word ? low : undefined;
  }

  /** Goes on until so many types are found and what follows the last of them begins at or after a word, or to the end. */
  #walk(count: number, word: number): void {
    const [types, starts, lengths, elements] = [this.#types, this.#starts, this.#lengths, this.#elements];
    const end = types.length;
    const wanted = Math.max(count, this.#found + minStep);
    let [found, at] = [this.#found, this.#next];
    // A plain loop: there may be 100,000 types, and this code has never run before.
    while ((found < wanted || at < word) && at + headWords <= end) {
      const information = types[at + 1] ?? 0;
      const kind = (information >>> 24) & 0x7f;
      const length = lengths[kind] ?? 0;
      if (length === 0) throw new MalformedBtf(`it has types of an unknown kind (${kind})`);
      starts[found] = at;
      found += 1;
      at += length + (elements[kind] ?? 0) * (information & 0xffffff);
    }
    if (at !== end && at + headWords > end) throw new MalformedBtf("its last type ends too early");
    [this.#found, this.#next] = [found, at];
  }
}

/** How many types raw BTF has, each of which is whole. Throws {@link MalformedBtf}. */
export function countTypes(file: Uint8Array): number {
  return new TypeIndex(readSections(file)).count;
}

/** Words of a type of each kind, by its number, and of each of its elements; 0 and 0 for a kind that is not known. */
function lengthsOf(layout: Uint8Array): { lengths: Uint8Array; elements: Uint8Array } {
  const lengths = new Uint8Array(128);
  const elements = new Uint8Array(128);
  for (const [kind, payload] of payloadsOf(layout).entries()) {
    if (payload === undefined) continue;
    lengths[kind] = headWords + payload.fixed;
    elements[kind] = payload.perElement;
  }
  return { lengths, elements };
}

/**
 * What follows the types of each kind, by its number. Of kinds that we do not know, the file itself may say it (struct
 * btf_layout: bytes that follow, bytes for each element, flags).
 */
function payloadsOf(layout: Uint8Array): (Payload | undefined)[] {
  const payloads = [...knownPayloads];
  for (let kind = payloads.length; kind < Math.min(layout.length / 4, 128); kind += 1) {
    const fixed = layout[kind * 4] ?? 0;
    const perElement = layout[kind * 4 + 1] ?? 0;
    // What is not whole words would leave all later types askew.
    if (fixed % 4 === 0 && perElement % 4 === 0)
      payloads[kind] = { fixed: fixed / 4, perElement: perElement / 4 };
  }
  return payloads;
}
