import type { Btf } from "./btf.js";
import { MalformedBtf } from "./malformed.js";
import type { BtfType, TypeId } from "./types.js";

/** How many types may stand between a member and what it is (Linux kernel/bpf/btf.c, MAX_RESOLVE_DEPTH). */
export const maxDepth = 32;
/** No type of a kernel is larger: the kernel keeps sizes in 32 bits. */
const maxSize = 0xffffffff;

/** The type that a type is, without `const`, `volatile`, `restrict` and tags; by `typedef` too if asked for. */
export function resolve(
  btf: Btf,
  id: TypeId,
  what: { readonly typedefs: boolean },
): { readonly id: TypeId; readonly type: BtfType } {
  let at = id;
  for (let depth = 0; depth <= maxDepth; depth += 1) {
    const type = btf.type(at);
    switch (type.kind) {
      case "const":
      case "volatile":
      case "restrict":
      case "type-tag":
        break;
      case "typedef":
        if (what.typedefs) break;
        return { id: at, type };
      default:
        return { id: at, type };
    }
    at = type.to;
  }
  throw new MalformedBtf(`type ${id} in it refers to itself`);
}

/**
 * The size of a type in bytes; 0 for what has none, such as void. Throws {@link MalformedBtf} for a type that contains
 * itself or is larger than any.
 */
export function sizeOf(btf: Btf, id: TypeId): number {
  let count = 1;
  let at = id;
  for (let depth = 0; depth <= maxDepth; depth += 1) {
    const { type } = resolve(btf, at, { typedefs: true });
    if (type.kind !== "array") {
      const size = count * sizeOfOne(btf, type);
      if (size > maxSize) throw new MalformedBtf(`type ${id} in it is too large`);
      return size;
    }
    count *= type.count;
    at = type.of;
  }
  throw new MalformedBtf(`type ${id} in it contains itself`);
}

function sizeOfOne(btf: Btf, type: BtfType): number {
  switch (type.kind) {
    case "pointer":
      return pointerSize(btf);
    case "int":
    case "float":
    case "struct":
    case "union":
    case "enum":
    case "enum64":
      return type.size;
    default:
      return 0;
  }
}

const pointerSizes = new WeakMap<Btf, 4 | 8>();
/** What compilers call the integer that is as wide as a pointer in every kernel. */
const longNames = ["long unsigned int", "unsigned long", "long int", "long"];

/** The size of a pointer in bytes, which BTF does not tell itself: that of `long`, as libbpf takes it, too. */
export function pointerSize(btf: Btf): 4 | 8 {
  let size = pointerSizes.get(btf);
  if (size === undefined) {
    const name = longNames.find((name) => btf.idsNamed(name).length > 0) ?? "";
    const longs = btf.idsNamed(name).map((id) => btf.type(id));
    size = longs.some((type) => type.kind === "int" && type.size === 4) ? 4 : 8;
    pointerSizes.set(btf, size);
  }
  return size;
}
