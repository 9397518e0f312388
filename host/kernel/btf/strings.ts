import { MalformedBtf } from "./malformed.js";

/** The longest name that is decoded: the kernel's own limit for a symbol (include/linux/kallsyms.h, KSYM_NAME_LEN). */
const maxName = 512;

/** The names of BTF. A name is known by its offset, and decoded when it is asked for. */
export class BtfStrings {
  readonly #bytes: Buffer;
  /** Of a module's BTF, whose names follow the kernel's. */
  readonly #base: BtfStrings | undefined;
  readonly #start: number;

  constructor(bytes: Uint8Array, base: BtfStrings | undefined) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#base = base;
    this.#start = base?.end ?? 0;
  }

  /** The names of this file itself. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  /** The offset after the last name. */
  get end(): number {
    return this.#start + this.#bytes.length;
  }

  /** The name at an offset. Throws {@link MalformedBtf} if it lies outside, or is longer than any name. */
  at(offset: number): string {
    if (this.#base !== undefined && offset < this.#start) return this.#base.at(offset);
    const from = offset - this.#start;
    const end = this.#bytes.indexOf(0, from);
    // BTF without any name has no names at all, not even the empty one.
    if (end < 0 && offset === 0) return "";
    if (end < 0 || end - from >= maxName)
      throw new MalformedBtf("a name in it is too long or lies outside of it");
    return this.#bytes.toString("latin1", from, end);
  }

  /**
   * All offsets at which a name stands. What writes BTF either has each name once or none as the end of a longer one, or
   * it has such a name only there: so the ends of longer names count only where it stands nowhere by itself.
   */
  offsetsOf(name: string): number[] {
    const all = this.#base?.offsetsOf(name) ?? [];
    const alone = [...this.#placesOf(`\0${name}\0`)].map((at) => at + 1);
    // A module's first name has nothing before it.
    if (this.#bytes.toString("latin1", 0, name.length + 1) === `${name}\0`) alone.unshift(0);
    const places = alone.length > 0 ? alone : [...this.#placesOf(`${name}\0`)];
    return [...all, ...places.map((at) => this.#start + at)];
  }

  *#placesOf(text: string): Generator<number> {
    const wanted = Buffer.from(text, "latin1");
    for (let at = this.#bytes.indexOf(wanted); at >= 0; at = this.#bytes.indexOf(wanted, at + 1)) yield at;
  }
}
