import type { Btf } from "./btf.js";
import { MalformedBtf } from "./malformed.js";
import type { BtfType, TypeId } from "./types.js";

/** How many types may stand between a member and what it is. The kernel allows 32 (Linux v6.18 kernel/bpf/btf.c, MAX_RESOLVE_DEPTH). */
export const maxDepth = 64;
/** No type of a kernel is larger: the kernel keeps sizes in 32 bits. */
const maxSize = 0xffffffff;

/** The type that another one only qualifies or tags; undefined if it does more. */
function qualified(type: BtfType): TypeId | undefined {
  return "to" in type && type.kind !== "pointer" && type.kind !== "typedef" ? type.to : undefined;
}

/** The type that a type is, without `const`, `volatile`, `restrict` and tags; by `typedef` too if asked for. */
export function resolve(
  btf: Btf,
  id: TypeId,
  what: { readonly typedefs: boolean },
): { readonly id: TypeId; readonly type: BtfType } {
  let at = id;
  for (let depth = 0; depth <= maxDepth; depth += 1) {
    const type = btf.type(at);
    const inner = type.kind === "typedef" && what.typedefs ? type.to : qualified(type);
    if (inner !== undefined) at = inner;
    else return { id: at, type };
  }
  throw new MalformedBtf(`type ${id} in it refers to itself`);
}

/** What a type is, or is an array of, at the end of all typedefs. */
export interface Element {
  readonly type: BtfType;
  /** How many of them: 1 if there is no array. */
  readonly count: number;
  readonly isArray: boolean;
  /** Whether a typedef names it. */
  readonly isNamed: boolean;
}

/** Finds what a type is, or is an array of. Throws {@link MalformedBtf} for an array of itself. */
export function elementOf(btf: Btf, id: TypeId): Element {
  let at = id;
  let count = 1;
  let isArray = false;
  let isNamed = false;
  for (let depth = 0; depth <= maxDepth; depth += 1) {
    const type = btf.type(at);
    const inner = qualified(type);
    if (inner !== undefined) at = inner;
    else if (type.kind === "typedef") [at, isNamed] = [type.to, true];
    else if (type.kind === "array") {
      [at, isArray] = [type.of, true];
      count *= type.count;
    } else return { type, count, isArray, isNamed };
  }
  throw new MalformedBtf(`type ${id} in it contains itself`);
}

/**
 * The size of a type in bytes; 0 for what has none, such as void. Throws {@link MalformedBtf} for a type that contains
 * itself or is larger than any.
 */
export function sizeOf(btf: Btf, id: TypeId): number {
  const { type, count } = elementOf(btf, id);
  const size = count * sizeOfOne(btf, type);
  if (size > maxSize) throw new MalformedBtf(`type ${id} in it is too large`);
  return size;
}

function sizeOfOne(btf: Btf, type: BtfType): number {
  if (type.kind === "pointer") return pointerSize(btf);
  return "size" in type && type.kind !== "section" ? type.size : 0;
}

const pointerSizes = new WeakMap<Btf, 4 | 8>();
/** What compilers call the integer that is as wide as a pointer in every kernel. */
const longNames: readonly string[] = ["long unsigned int", "unsigned long", "long int", "long"];

/** The size of a pointer in bytes, which BTF does not tell itself: that of `long`, as libbpf takes it, too. */
export function pointerSize(btf: Btf): 4 | 8 {
  let size = pointerSizes.get(btf);
  if (size === undefined) {
    size = sizeOfLong(btf) === 4 ? 4 : 8;
    pointerSizes.set(btf, size);
  }
  return size;
}

/** It is among a kernel's first types, so it is not looked for by its name. */
function sizeOfLong(btf: Btf): number | undefined {
  for (const { id, kind, name } of btf.named()) {
    if (kind !== "int" || !longNames.includes(name)) continue;
    const type = btf.type(id);
    if (type.kind === "int") return type.size;
  }
  return undefined;
}
