import { kinds } from "../../host/kernel/btf/kinds.js";

/** A type as a file has it, whether it makes sense or not. */
export interface RawType {
  /** A number for a kind that is not known. */
  readonly kind: (typeof kinds)[number] | number;
  readonly name?: string;
  readonly flag?: boolean;
  /** How many elements follow, or the linkage of a function. */
  readonly count?: number;
  /** The third word: a size or a type. */
  readonly third?: number;
  /** The words that follow; a text is the offset of that name. */
  readonly words?: readonly (number | string)[];
}

export interface RawBtfOptions {
  readonly littleEndian?: boolean;
  /** Bytes of names in the BTF that this one continues. */
  readonly baseNames?: number;
  /** Bytes that follow each type of a kind, and bytes of each element: a header with a layout section. */
  readonly layout?: readonly (readonly [fixed: number, perElement: number])[];
  /** Put between the header and the sections. */
  readonly gap?: number;
}

/** Raw BTF of these types; the first is type 1. */
export function rawBtf(types: readonly RawType[], options: RawBtfOptions = {}): Buffer {
  const { littleEndian = true, baseNames = 0, layout, gap = 0 } = options;
  const names = new Names(baseNames);
  const words = types.flatMap(({ kind, name = "", flag = false, count, third = 0, words = [] }) => {
    const number = typeof kind === "number" ? kind : kinds.indexOf(kind);
    const information = ((flag ? 0x80000000 : 0) | (number << 24) | (count ?? 0)) >>> 0;
    return [names.offsetOf(name), information, third, ...words.map((word) => names.wordOf(word))];
  });
  const typeBytes = bytesOf(words, littleEndian);
  const layoutBytes = Buffer.from((layout ?? []).flatMap(([fixed, element]) => [fixed, element, 0, 0]));
  const strings = names.bytes();
  const headerSize = (layout ? 32 : 24) + gap;
  const fields = [headerSize, 0, typeBytes.length, typeBytes.length + layoutBytes.length, strings.length];
  if (layout) fields.push(typeBytes.length, layoutBytes.length);
  const start = littleEndian ? [0x9f, 0xeb, 1, 0] : [0xeb, 0x9f, 1, 0];
  const header = [Buffer.from(start), bytesOf(fields, littleEndian), Buffer.alloc(gap)];
  return Buffer.concat([...header, typeBytes, layoutBytes, strings]);
}

/** A struct of one member of a type, as many as are wanted. */
export function rawStruct(
  name: string,
  size: number,
  members: readonly (readonly [string, number, number])[],
): RawType {
  return { kind: "struct", name, third: size, count: members.length, words: members.flat() };
}

/** A signed integer. */
export function rawInt(name: string, size: number): RawType {
  return { kind: "int", name, third: size, words: [0x01000000 | (size * 8)] };
}

class Names {
  readonly #start: number;
  readonly #offsets = new Map<string, number>();
  #parts: Buffer[] = [];
  #size = 0;

  constructor(start: number) {
    this.#start = start;
    if (start === 0) this.offsetOf("", true);
  }

  wordOf(word: number | string): number {
    return typeof word === "number" ? word : this.offsetOf(word);
  }

  offsetOf(name: string, isNew = false): number {
    if (name === "" && !isNew) return 0;
    const known = this.#offsets.get(name);
    if (known !== undefined) return known;
    const offset = this.#start + this.#size;
    const bytes = Buffer.from(`${name}\0`, "latin1");
    this.#parts.push(bytes);
    this.#size += bytes.length;
    this.#offsets.set(name, offset);
    return offset;
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

function bytesOf(words: readonly number[], littleEndian: boolean): Buffer {
  const bytes = Buffer.alloc(words.length * 4);
  for (const [index, word] of words.entries()) {
    if (littleEndian) bytes.writeUInt32LE(word >>> 0, index * 4);
    else bytes.writeUInt32BE(word >>> 0, index * 4);
  }
  return bytes;
}
