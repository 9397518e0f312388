import type { BtfSource } from "../../../btf/locate.js";
import type { Btf } from "../../../kernel/btf/btf.js";
import type { TypeWords } from "../../../kernel/btf/type-words.js";
import type { TypeId } from "../../../kernel/btf/types.js";
import { type Both, changeOf, type TypeChange, type TypeDetails, type TypesDiff } from "../kernel-diff.js";
import { diffShapes, isSameShape } from "./members.js";
import { comparableKind, type NamedTypes, pairNamedTypes } from "./named-types.js";
import { SameTypes } from "./same-types.js";
import { Shapes } from "./shape.js";

/** Types of one name that are compared each with each: no kernel has as many. */
const maxAlike = 32;

/**
 * Compares the named structs, unions and enums of two kernels, each once. A type differs if its size does, or a member of its
 * own lies elsewhere, has another type as C writes it, or another size.
 *
 * Throws {@link MalformedBtf}.
 */
export function diffTypes(old: Btf, now: Btf, from: Both<BtfSource>): TypesDiff {
  return new TypeComparison(old, now).result(from);
}

class TypeComparison {
  readonly #old: Btf;
  readonly #new: Btf;
  readonly #oldWords: TypeWords;
  readonly #newWords: TypeWords;
  readonly #oldShapes: Shapes;
  readonly #newShapes: Shapes;
  readonly #sameTypes: SameTypes;
  readonly #changes: TypeChange[] = [];
  #same = 0;

  constructor(old: Btf, now: Btf) {
    this.#old = old;
    this.#new = now;
    this.#oldWords = old.words();
    this.#newWords = now.words();
    this.#oldShapes = new Shapes(old);
    this.#newShapes = new Shapes(now);
    const areWrittenAlike = (one: TypeId, other: TypeId) =>
      this.#oldShapes.nameOf(one) === this.#newShapes.nameOf(other);
    this.#sameTypes = new SameTypes(old, now, areWrittenAlike);
  }

  result(from: Both<BtfSource>): TypesDiff {
    for (const named of pairNamedTypes(this.#oldWords, this.#newWords)) this.#compare(named);
    this.#changes.sort((one, other) => order(one.name, other.name) || order(one.kind, other.kind));
    return {
      from,
      types: this.#changes,
      same: this.#same,
      has: (name) => isComparable(this.#old, name) || isComparable(this.#new, name),
      details: (change) => this.#details(change.oldId, change.newId),
    };
  }

  #details(old: TypeId | undefined, now: TypeId | undefined): TypeDetails {
    return diffShapes(
      old === undefined ? undefined : this.#oldShapes.of(old),
      now === undefined ? undefined : this.#newShapes.of(now),
    );
  }

  /** Compares the types of one name: those that are the same first, the others in their order. */
  #compare(named: NamedTypes): void {
    const { old: before, new: now } = named;
    const one = before[0];
    const other = now[0];
    if (before.length < 2 && now.length < 2) {
      if (one !== undefined && other !== undefined && this.#isSame(one, other)) this.#same += 1;
      else this.#add(named, one, other);
      return;
    }
    const left = [...now];
    const differing: TypeId[] = [];
    const isFew = before.length <= maxAlike && now.length <= maxAlike;
    for (const id of before) {
      const at = isFew ? left.findIndex((other) => this.#isSame(id, other)) : -1;
      if (at < 0) differing.push(id);
      else left.splice(at, 1);
    }
    this.#same += before.length - differing.length;
    for (let index = 0; index < Math.max(differing.length, left.length); index += 1) {
      const [oldId, newId] = [differing[index], left[index]];
      if (!isFew && oldId !== undefined && newId !== undefined && this.#isSame(oldId, newId)) this.#same += 1;
      else this.#add(named, oldId, newId);
    }
  }

  #isSame(one: TypeId, other: TypeId): boolean {
    const verdict = this.#sameTypes.compare(one, other);
    return verdict === "unsure" ? isSameShape(this.#details(one, other)) : verdict === "same";
  }

  #add({ kind, isTypedef }: NamedTypes, oldId: TypeId | undefined, newId: TypeId | undefined): void {
    const name = newId === undefined ? this.#old.nameOf(oldId ?? 0) : this.#new.nameOf(newId);
    const oldSize = oldId === undefined ? undefined : sizeOf(this.#oldWords, oldId);
    const newSize = newId === undefined ? undefined : sizeOf(this.#newWords, newId);
    const change = changeOf(oldId, newId);
    this.#changes.push({ kind, name, isTypedef, change, oldSize, newSize, oldId, newId });
  }
}

/** The size of a struct, union or enum, or of what a typedef names, in bytes. */
function sizeOf(words: TypeWords, id: TypeId): number {
  return words.thirdOf(words.kindOf(id) === "typedef" ? words.thirdOf(id) : id);
}

function isComparable(btf: Btf, name: string): boolean {
  return btf.idsNamed(name).some((id) => {
    const type = btf.type(id);
    const isAnonymous = type.kind === "typedef" && btf.nameOf(type.to) === "";
    return comparableKind(isAnonymous ? btf.kindOf(type.to) : type.kind) !== undefined;
  });
}

function order(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
