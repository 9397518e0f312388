/** The kinds of types, by their numbers (Linux v6.18 include/uapi/linux/btf.h, BTF_KIND_*), in our words. */
export const kinds = [
  "void",
  "int",
  "pointer",
  "array",
  "struct",
  "union",
  "enum",
  "forward",
  "typedef",
  "volatile",
  "const",
  "restrict",
  "function",
  "prototype",
  "variable",
  "section",
  "float",
  "declaration-tag",
  "type-tag",
  "enum64",
] as const;

/** A kind of type; `unknown` for one that came after this was written. */
export type Kind = (typeof kinds)[number] | "unknown";

/** How many 32-bit words follow the three that each type begins with: so many, and so many for each element. */
export interface Payload {
  readonly fixed: number;
  readonly perElement: number;
}

const payloads: Readonly<Partial<Record<Kind, Payload>>> = {
  int: { fixed: 1, perElement: 0 },
  array: { fixed: 3, perElement: 0 },
  struct: { fixed: 0, perElement: 3 },
  union: { fixed: 0, perElement: 3 },
  enum: { fixed: 0, perElement: 2 },
  prototype: { fixed: 0, perElement: 2 },
  variable: { fixed: 1, perElement: 0 },
  section: { fixed: 0, perElement: 3 },
  "declaration-tag": { fixed: 1, perElement: 0 },
  enum64: { fixed: 0, perElement: 3 },
};

const nothing: Payload = { fixed: 0, perElement: 0 };

/** What follows the types of each known kind, by number. Kind 0 is never a type of a file. */
export const knownPayloads: readonly (Payload | undefined)[] = kinds.map((kind) =>
  kind === "void" ? undefined : (payloads[kind] ?? nothing),
);
