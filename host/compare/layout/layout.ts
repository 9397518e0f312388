import type { Btf } from "../../kernel/btf/btf.js";
import { MalformedBtf } from "../../kernel/btf/malformed.js";
import { elementOf, maxDepth, resolve, sizeOf } from "../../kernel/btf/resolve.js";
import type { BtfComposite, BtfMember, TypeId } from "../../kernel/btf/types.js";
import { type Declaration, Declarer, declarationOf, nameOf } from "./declaration.js";
import { type Gap, gapsOf } from "./gaps.js";

/** How the members of a struct or union lie. */
export interface Body {
  readonly kind: "struct" | "union";
  /** The tag; empty for an anonymous one. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly members: readonly LayoutMember[];
  /** Room behind the last member; undefined if there is none, and for a union. */
  readonly padding: Gap | undefined;
}

/** A struct or union by the name that was asked for. */
export interface Layout extends Body {
  /** If it was asked for by a typedef: the typedef's name. */
  readonly typedef: string | undefined;
}

/** A member, and what lies before and in it. */
export interface LayoutMember {
  /** Empty for an anonymous struct or union. */
  readonly name: string;
  /** As C writes it without a name: `char[16]`. */
  readonly type: string;
  /** As C declares it with the name. */
  readonly declaration: Declaration;
  /** Bytes from the beginning of the outermost struct. Of a bit field: where the integer that it lies in begins. */
  readonly offset: number;
  /** Bytes; of a bit field, of that integer. */
  readonly size: number;
  /** Of a bit field: the bits that it takes of that integer, from its first bit in memory. */
  readonly bits: { readonly offset: number; readonly size: number } | undefined;
  /** Room before it; undefined if there is none, and in a union. */
  readonly hole: Gap | undefined;
  /** Bytes behind the last member of the struct that it is; 0 for anything else. */
  readonly padding: number;
  /** What it is made of, if that is shown: an anonymous struct or union, or with `deep` any. */
  readonly body: Body | undefined;
}

export interface LayoutOptions {
  /** Shows also the members of structs and unions that have a name; of an array, those of its first element. */
  readonly deep: boolean;
}

/** Members that are looked at, and characters that are made of them: many times what the largest structs of a kernel need. */
const maxWork = 10_000_000;

/**
 * Finds how the members of a struct or union lie. Throws {@link MalformedBtf} for one that has no end.
 *
 * @param id A struct, a union, or a typedef of one.
 */
export function layoutOf(btf: Btf, id: TypeId, options: LayoutOptions): Layout {
  const asked = btf.type(id);
  const { type } = resolve(btf, id, { typedefs: true });
  if (type.kind !== "struct" && type.kind !== "union")
    throw new MalformedBtf(`type ${id} in it is not a struct or union`);
  const body = new Surveyor(btf, options.deep).bodyOf(type, 0, 0);
  return { ...body, typedef: asked.kind === "typedef" ? asked.name : undefined };
}

class Surveyor {
  readonly #btf: Btf;
  readonly #deep: boolean;
  readonly #declarer: Declarer;
  #left = maxWork;

  constructor(btf: Btf, deep: boolean) {
    this.#btf = btf;
    this.#deep = deep;
    this.#declarer = new Declarer(btf, maxWork);
  }

  /** @param origin Where it begins, in bits from the beginning of the outermost struct. */
  bodyOf(type: BtfComposite, origin: number, depth: number): Body {
    if (depth > maxDepth) throw new MalformedBtf("a struct in it contains itself");
    const { kind, name, size } = type;
    const placed = this.#placed(type);
    const { before, last } = gapsIn(type, placed);
    const members = placed.map((each, index) => this.#memberOf(each, before[index], origin, depth));
    return { kind, name, size, members, padding: last };
  }

  #memberOf({ member, place }: Placed, hole: Gap | undefined, origin: number, depth: number): LayoutMember {
    const { name, type: id, bitOffset, bitSize } = member;
    const { type, isArray, isShown } = this.#contentOf(id);
    const declarable = this.#declarer.declarable(id);
    const declaration = declarationOf(declarable, bitSize === undefined ? name : `${name}:${bitSize}`);
    this.#spend(declaration.type.length + declaration.declarator.length);
    return {
      name,
      type: nameOf(declarable),
      declaration,
      offset: Math.floor(origin / 8) + place.offset,
      size: place.size,
      bits: place.bits,
      hole,
      padding: isArray || type === undefined ? 0 : this.#paddingOf(type),
      body:
        isShown && type && bitSize === undefined
          ? this.bodyOf(type, origin + bitOffset, depth + 1)
          : undefined,
    };
  }

  #spend(work: number): void {
    this.#left -= work;
    if (this.#left < 0) throw new MalformedBtf("a struct in it is too large");
  }

  #contentOf(id: TypeId): { type: BtfComposite | undefined; isArray: boolean; isShown: boolean } {
    const { type, isArray, isNamed } = elementOf(this.#btf, id);
    if (type.kind !== "struct" && type.kind !== "union") return { type: undefined, isArray, isShown: false };
    return { type, isArray, isShown: this.#deep || !(isNamed || type.name !== "") };
  }

  #paddingOf(type: BtfComposite): number {
    return gapsIn(type, this.#placed(type)).last?.bytes ?? 0;
  }

  #placed({ members }: BtfComposite): Placed[] {
    this.#spend(members.length);
    return members.map((member) => ({ member, place: placeOf(this.#btf, member) }));
  }
}

/** A member, and where it lies in its own struct. */
interface Placed {
  readonly member: BtfMember;
  readonly place: ReturnType<typeof placeOf>;
}

/** The room in a struct; a union has none. */
function gapsIn({ kind, size }: BtfComposite, placed: readonly Placed[]): ReturnType<typeof gapsOf> {
  if (kind === "union") return { before: [], last: undefined };
  const extents = placed.map(({ member, place: { offset, size, bits } }) => {
    const start = member.bitOffset;
    const unitEnd = (offset + size) * 8;
    return bits ? { start, end: start + bits.size, unitEnd } : { start, end: start + size * 8 };
  });
  return gapsOf(extents, size * 8);
}

/** Where a member lies in its own struct. */
export function placeOf(
  btf: Btf,
  { type, bitOffset, bitSize }: BtfMember,
): Pick<LayoutMember, "offset" | "size" | "bits"> {
  const size = sizeOf(btf, type);
  if (bitSize === undefined) return { offset: Math.floor(bitOffset / 8), size, bits: undefined };
  const unit = Math.max(size, 1);
  const offset = Math.floor(bitOffset / 8 / unit) * unit;
  return { offset, size, bits: { offset: bitOffset - offset * 8, size: bitSize } };
}
