import { kinds } from "./kinds.js";
import type { BtfStrings } from "./strings.js";
import type { BtfType, Linkage } from "./types.js";
import { elementCount, headWords, kindFlag, kindNumber } from "./walk.js";

/** A type as it lies in the file. */
interface Raw {
  readonly name: string;
  readonly count: number;
  readonly flag: boolean;
  /** The third word: a size in bytes, or a type. */
  readonly third: number;
  /** A word of what follows the first three. */
  at(index: number): number;
  nameAt(index: number): string;
}

/** Decodes the type that begins at a word, which the walk has found to be whole. */
export function decodeType(words: Uint32Array, start: number, strings: BtfStrings): BtfType {
  const information = words[start + 1] ?? 0;
  const at = (index: number) => words[start + headWords + index] ?? 0;
  const number = kindNumber(information);
  const kind = kinds[number];
  if (kind === undefined) return { kind: "unknown", number };
  const decode: (raw: Raw) => BtfType = decoders[kind];
  return decode({
    name: strings.at(words[start] ?? 0),
    count: elementCount(information),
    flag: kindFlag(information),
    third: words[start + 2] ?? 0,
    at,
    nameAt: (index) => strings.at(at(index)),
  });
}

const linkages: readonly Linkage[] = ["static", "global", "extern"];
const linkageOf = (number: number): Linkage => linkages[number] ?? "unknown";

const composite =
  (kind: "struct" | "union") =>
  ({ name, third, count, flag, at, nameAt }: Raw): BtfType => ({
    kind,
    name,
    size: third,
    members: each(count, (index) => {
      const offset = at(index * 3 + 2);
      const bitSize = flag ? offset >>> 24 : 0;
      return {
        name: nameAt(index * 3),
        type: at(index * 3 + 1),
        bitOffset: flag ? offset & 0xffffff : offset,
        bitSize: bitSize === 0 ? undefined : bitSize,
      };
    }),
  });

const reference =
  (kind: "pointer" | "volatile" | "const" | "restrict") =>
  ({ third }: Raw): BtfType => ({ kind, to: third });

const namedReference =
  (kind: "typedef" | "type-tag") =>
  ({ name, third }: Raw): BtfType => ({ kind, name, to: third });

const decoders: Readonly<Record<(typeof kinds)[number], (raw: Raw) => BtfType>> = {
  void: () => ({ kind: "void" }),
  int: decodeInt,
  float: ({ name, third }) => ({ kind: "float", name, size: third }),
  pointer: reference("pointer"),
  volatile: reference("volatile"),
  const: reference("const"),
  restrict: reference("restrict"),
  typedef: namedReference("typedef"),
  "type-tag": namedReference("type-tag"),
  array: ({ at }) => ({ kind: "array", of: at(0), index: at(1), count: at(2) }),
  struct: composite("struct"),
  union: composite("union"),
  enum: decodeEnum,
  enum64: decodeEnum64,
  forward: ({ name, flag }) => ({ kind: "forward", name, of: flag ? "union" : "struct" }),
  // It has no elements: their count is the linkage.
  function: ({ name, third, count }) => ({
    kind: "function",
    name,
    prototype: third,
    linkage: linkageOf(count),
  }),
  prototype: ({ third, count, at, nameAt }) => ({
    kind: "prototype",
    returns: third,
    parameters: each(count, (index) => ({ name: nameAt(index * 2), type: at(index * 2 + 1) })),
  }),
  variable: ({ name, third, at }) => ({ kind: "variable", name, type: third, linkage: linkageOf(at(0)) }),
  section: ({ name, third, count, at }) => ({
    kind: "section",
    name,
    size: third,
    variables: each(count, (index) => ({
      variable: at(index * 3),
      offset: at(index * 3 + 1),
      size: at(index * 3 + 2),
    })),
  }),
  "declaration-tag": ({ name, third, at }) => ({
    kind: "declaration-tag",
    name,
    target: third,
    component: at(0) === 0xffffffff ? undefined : at(0),
  }),
};

function decodeInt({ name, third, at }: Raw): BtfType {
  const encoding = (at(0) >>> 24) & 0xf;
  return {
    kind: "int",
    name,
    size: third,
    bits: at(0) & 0xff,
    isSigned: (encoding & 1) !== 0,
    isChar: (encoding & 2) !== 0,
    isBool: (encoding & 4) !== 0,
  };
}

function decodeEnum({ name, third, count, flag, at, nameAt }: Raw): BtfType {
  const values = each(count, (index) => {
    const value = at(index * 2 + 1);
    return { name: nameAt(index * 2), value: BigInt(flag ? value | 0 : value) };
  });
  return { kind: "enum", name, size: third, isSigned: flag, values };
}

function decodeEnum64({ name, third, count, flag, at, nameAt }: Raw): BtfType {
  const values = each(count, (index) => {
    const value = (BigInt(at(index * 3 + 2)) << 32n) | BigInt(at(index * 3 + 1));
    return { name: nameAt(index * 3), value: flag ? BigInt.asIntN(64, value) : value };
  });
  return { kind: "enum64", name, size: third, isSigned: flag, values };
}

function each<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
