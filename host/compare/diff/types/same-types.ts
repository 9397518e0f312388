import type { Btf } from "../../../kernel/btf/btf.js";
import type { Kind } from "../../../kernel/btf/kinds.js";
import { maxDepth, pointerSize } from "../../../kernel/btf/resolve.js";
import type { TypeWords } from "../../../kernel/btf/type-words.js";
import type { TypeId } from "../../../kernel/btf/types.js";
import { haveSameName } from "./named-types.js";

/** Words of a member of a struct: name, type, place. */
const memberWords = 3;

/** Structs with more are looked at with all that is in them. */
const maxMembers = 100_000;

/** What a quick look at two types tells. */
export type Verdict = "same" | "different" | "unsure";

/**
 * Tells quickly whether types of two kernels are the same: nothing is decoded, and what was found once is not looked at again.
 * Where C may write the same in spite of what differs, it is not sure.
 */
export class SameTypes {
  readonly #old: TypeWords;
  readonly #new: TypeWords;
  readonly #oldPointer: number;
  readonly #newPointer: number;
  /** For each type of the old kernel, the type of the new one that is the same as a member. */
  readonly #types: Uint32Array;
  readonly #areNamedAlike: (old: TypeId, now: TypeId) => boolean;

  /** @param areNamedAlike Whether C writes two types alike; asked where they look different. */
  constructor(old: Btf, now: Btf, areNamedAlike: (old: TypeId, now: TypeId) => boolean) {
    this.#areNamedAlike = areNamedAlike;
    this.#old = old.words();
    this.#new = now.words();
    this.#oldPointer = pointerSize(old);
    this.#newPointer = pointerSize(now);
    this.#types = new Uint32Array(this.#old.endId);
  }

  /**
   * Compares the sizes of two structs, unions or enums, and their members with their places.
   *
   * @param old One of them, or a typedef of one.
   */
  compare(old: TypeId, now: TypeId): Verdict {
    const one = withoutTypedef(this.#old, old);
    const other = withoutTypedef(this.#new, now);
    if (this.#old.thirdOf(one) !== this.#new.thirdOf(other)) return "different";
    const kind = this.#old.kindOf(one);
    if (kind === "enum" || kind === "enum64") return this.#compareValues(one, other);
    const verdict = this.#compareBodies(one, other, 0);
    if (verdict !== "unsure") return verdict;
    const before = new Footprint(this.#old, one, this.#oldPointer);
    const after = new Footprint(this.#new, other, this.#newPointer);
    if (before.differsFrom(after)) return "different";
    return before.isWhole && after.isWhole ? this.#compareTypes(before, after) : "unsure";
  }

  /**
   * Compares members in their order. Two of one name are the same member if all that comes before them is the same; of any
   * other it is not sure.
   */
  #compareBodies(old: TypeId, now: TypeId, depth: number): Verdict {
    const before = this.#old;
    const after = this.#new;
    const count = before.countOf(old);
    if (depth > maxDepth || before.kindOf(old) !== after.kindOf(now) || count !== after.countOf(now))
      return "unsure";
    const isPacked = before.flagOf(old);
    if (before.thirdOf(old) !== after.thirdOf(now) || isPacked !== after.flagOf(now)) return "unsure";
    const one = before.words;
    const other = after.words;
    let at = before.bodyAt(old);
    let otherAt = after.bodyAt(now);
    for (const end = at + count * memberWords; at < end; at += memberWords, otherAt += memberWords) {
      const nameAt = one[at] ?? 0;
      if (!this.#areSameNames(nameAt, other[otherAt] ?? 0)) return "unsure";
      const place = one[at + 2] ?? 0;
      if (place !== other[otherAt + 2]) return nameAt === 0 ? "unsure" : "different";
      // The type of a bit field does not tell how much room it takes.
      const hasOwnSize = nameAt !== 0 && !(isPacked && place >>> 24 !== 0);
      const verdict = this.#compareMembers(one[at + 1] ?? 0, other[otherAt + 1] ?? 0, hasOwnSize, depth);
      if (verdict !== "same") return verdict;
    }
    return "same";
  }

  /** Whether the types of two members are written alike, take as much room and have the same in them. */
  #compareMembers(old: TypeId, now: TypeId, hasOwnSize: boolean, depth: number): Verdict {
    if (old !== 0 && this.#types[old] === now) return "same";
    const different = hasOwnSize ? "different" : "unsure";
    if (!this.#areWrittenAlike(old, now, 0)) return this.#areNamedAlike(old, now) ? "unsure" : different;
    if (sizeIn(this.#old, old, this.#oldPointer) !== sizeIn(this.#new, now, this.#newPointer))
      return different;
    const body = inlineBody(this.#old, old);
    const other = inlineBody(this.#new, now);
    const verdict = body === 0 ? "same" : this.#compareBodies(body, other, depth + 1);
    if (verdict === "same") this.#types[old] = now;
    return verdict;
  }

  /** Compares the types of members that stand in the same order, with the same names and places. */
  #compareTypes({ members: old }: Footprint, { members: now }: Footprint): Verdict {
    for (const [index, one] of old.entries()) {
      const other = now[index];
      if (other === undefined) return "unsure";
      if (!this.#areSameNames(one.nameAt, other.nameAt))
        return now.some(({ nameAt }) => this.#areSameNames(one.nameAt, nameAt)) ? "unsure" : "different";
      if (one.start !== other.start || one.bits !== other.bits) return "unsure";
      if (one.depth !== other.depth || one.isBitField !== other.isBitField) return "unsure";
    }
    const areAlike = old.every(({ type }, index) => {
      const other = now[index]?.type ?? 0;
      return this.#areWrittenAlike(type, other, 0) || this.#areNamedAlike(type, other);
    });
    return areAlike ? "same" : "different";
  }

  /** Whether a new value came, or one has another number; their order does not count. */
  #compareValues(old: TypeId, now: TypeId): Verdict {
    const before = this.#old;
    const after = this.#new;
    const kind = before.kindOf(old);
    const count = before.countOf(old);
    if (kind !== after.kindOf(now) || before.flagOf(old) !== after.flagOf(now)) return "unsure";
    if (count !== after.countOf(now)) return "different";
    const words = kind === "enum" ? 2 : 3;
    const isIn = (nameAt: number) => {
      for (let at = 0; at < count * words; at += words)
        if (this.#areSameNames(nameAt, after.wordOf(now, at))) return true;
      return false;
    };
    for (let at = 0; at < count * words; at += words) {
      const nameAt = before.wordOf(old, at);
      if (!this.#areSameNames(nameAt, after.wordOf(now, at))) return isIn(nameAt) ? "unsure" : "different";
      for (let index = at + 1; index < at + words; index += 1)
        if (before.wordOf(old, index) !== after.wordOf(now, index)) return "different";
    }
    return "same";
  }

  /** Whether C writes two types alike: `struct list_head *` is the same whatever that struct has. */
  #areWrittenAlike(old: TypeId, now: TypeId, depth: number): boolean {
    if (old === 0 || now === 0 || depth > maxDepth) return old === now;
    const before = this.#old;
    const after = this.#new;
    const kind = before.kindOf(old);
    const next = depth + 1;
    switch (kind) {
      case "type-tag":
      case "const":
      case "volatile":
      case "restrict":
      case "pointer":
        // Only a tag has a name.
        return (
          after.kindOf(now) === kind &&
          this.#areSameNames(before.nameAt(old), after.nameAt(now)) &&
          this.#areWrittenAlike(before.thirdOf(old), after.thirdOf(now), next)
        );
      case "array":
        return (
          after.kindOf(now) === kind &&
          before.wordOf(old, 2) === after.wordOf(now, 2) &&
          this.#areWrittenAlike(before.wordOf(old, 0), after.wordOf(now, 0), next)
        );
      case "prototype":
        return after.kindOf(now) === kind && this.#areAlikePrototypes(old, now, next);
      default:
        return (
          writtenKind(before, old) === writtenKind(after, now) &&
          this.#areSameNames(before.nameAt(old), after.nameAt(now))
        );
    }
  }

  #areAlikePrototypes(old: TypeId, now: TypeId, depth: number): boolean {
    const count = this.#old.countOf(old);
    if (count !== this.#new.countOf(now)) return false;
    if (!this.#areWrittenAlike(this.#old.thirdOf(old), this.#new.thirdOf(now), depth)) return false;
    for (let at = 1; at < count * 2; at += 2)
      if (!this.#areWrittenAlike(this.#old.wordOf(old, at), this.#new.wordOf(now, at), depth)) return false;
    return true;
  }

  #areSameNames(old: number, now: number): boolean {
    if (old === 0 || now === 0) return old === now;
    return haveSameName(this.#old.names, old, this.#new.names, now);
  }
}

/** A member with a name, of a struct or of one without a name in it. */
interface PlacedMember {
  readonly nameAt: number;
  readonly type: TypeId;
  /** Bits from the beginning of the struct. */
  readonly start: number;
  readonly bits: number;
  readonly isBitField: boolean;
  /** In how many members with a name it lies. */
  readonly depth: number;
}

/** The members of a struct, and what all have together: that is the same for structs that are. */
class Footprint {
  readonly members: PlacedMember[] = [];
  /** Of their places and sizes. */
  #sum = 0;
  /** How many were looked at, with those that have no name: hostile files have very many in few types. */
  #seen = 0;

  constructor(words: TypeWords, id: TypeId, pointer: number) {
    this.#add(words, id, pointer, { origin: 0, depth: 0, level: 0 });
  }

  /** Whether all members were looked at. */
  get isWhole(): boolean {
    return this.#seen < maxMembers;
  }

  /** Whether two that have these cannot be the same. */
  differsFrom(other: Footprint): boolean {
    if (!this.isWhole || !other.isWhole) return false;
    return this.members.length !== other.members.length || this.#sum !== other.#sum;
  }

  #add(
    words: TypeWords,
    id: TypeId,
    pointer: number,
    { origin, depth, level }: { readonly origin: number; readonly depth: number; readonly level: number },
  ): void {
    const isPacked = words.flagOf(id);
    const end = words.countOf(id) * memberWords;
    for (let at = 0; at < end && this.#seen < maxMembers; at += memberWords) {
      this.#seen += 1;
      const nameAt = words.wordOf(id, at);
      const type = words.wordOf(id, at + 1);
      const place = words.wordOf(id, at + 2);
      const start = origin + (isPacked ? place & 0xffffff : place);
      const fieldBits = isPacked ? place >>> 24 : 0;
      const isBitField = fieldBits !== 0;
      if (nameAt !== 0) {
        const bits = isBitField ? fieldBits : sizeIn(words, type, pointer) * 8;
        this.members.push({ nameAt, type, start, bits, isBitField, depth });
        this.#sum = (this.#sum + start * 31 + bits) % 0x100000000;
      }
      const body = isBitField ? 0 : inlineBody(words, type);
      if (body === 0 || level >= maxDepth) continue;
      this.#add(words, body, pointer, {
        origin: start,
        depth: nameAt === 0 ? depth : depth + 1,
        level: level + 1,
      });
    }
  }
}

function withoutTypedef(words: TypeWords, id: TypeId): TypeId {
  return words.kindOf(id) === "typedef" ? words.thirdOf(id) : id;
}

/** The word that C has for a kind before the name; the kind itself where it has none. */
function writtenKind(words: TypeWords, id: TypeId): Kind {
  const kind = words.kindOf(id);
  if (kind === "forward") return words.flagOf(id) ? "union" : "struct";
  return kind === "enum64" ? "enum" : kind;
}

/** The size of a type in bytes, without an overflow: only equality counts. */
function sizeIn(words: TypeWords, id: TypeId, pointer: number): number {
  let at = id;
  let count = 1;
  for (let depth = 0; depth <= maxDepth; depth += 1) {
    const kind = words.kindOf(at);
    if (kind === "pointer") return count * pointer;
    if (kind === "array") {
      count *= words.wordOf(at, 2);
      at = words.wordOf(at, 0);
    } else if (kind === "typedef" || isQualifier(kind)) at = words.thirdOf(at);
    else return hasSize.has(kind) ? count * words.thirdOf(at) : 0;
  }
  return Number.NaN;
}

const hasSize: ReadonlySet<Kind> = new Set<Kind>(["int", "float", "struct", "union", "enum", "enum64"]);

function isQualifier(kind: Kind): boolean {
  return kind === "const" || kind === "volatile" || kind === "restrict" || kind === "type-tag";
}

/** The struct or union without a name that a member is made of, or is an array of; 0 if there is none. */
function inlineBody(words: TypeWords, id: TypeId): TypeId {
  let at = id;
  for (let depth = 0; depth <= maxDepth; depth += 1) {
    const kind = words.kindOf(at);
    if (kind === "array") at = words.wordOf(at, 0);
    else if (isQualifier(kind)) at = words.thirdOf(at);
    else return (kind === "struct" || kind === "union") && words.nameAt(at) === 0 ? at : 0;
  }
  return 0;
}
