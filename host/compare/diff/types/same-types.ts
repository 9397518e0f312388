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
  /** For each place of a name of the old kernel, that of the same name in the new one. */
  readonly #names: Uint32Array;

  constructor(old: Btf, now: Btf) {
    this.#old = old.words();
    this.#new = now.words();
    this.#oldPointer = pointerSize(old);
    this.#newPointer = pointerSize(now);
    this.#types = new Uint32Array(this.#old.endId);
    this.#names = new Uint32Array(this.#old.names.length);
  }

  /**
   * Compares the sizes of two structs, unions or enums, and their members with their places.
   *
   * @param old One of them, or a typedef of one.
   */
  compare(old: TypeId, now: TypeId): Verdict {
    const [one, other] = [withoutTypedef(this.#old, old), withoutTypedef(this.#new, now)];
    if (this.#old.thirdOf(one) !== this.#new.thirdOf(other)) return "different";
    const kind = this.#old.kindOf(one);
    if (kind === "enum" || kind === "enum64") return this.#compareValues(one, other);
    if (this.#areSameBodies(one, other, 0)) return "same";
    const before = new Footprint(this.#old, one, this.#oldPointer);
    return before.differsFrom(new Footprint(this.#new, other, this.#newPointer)) ? "different" : "unsure";
  }

  #areSameBodies(old: TypeId, now: TypeId, depth: number): boolean {
    const [before, after] = [this.#old, this.#new];
    const count = before.countOf(old);
    if (depth > maxDepth || before.kindOf(old) !== after.kindOf(now) || count !== after.countOf(now))
      return false;
    if (before.thirdOf(old) !== after.thirdOf(now) || before.flagOf(old) !== after.flagOf(now)) return false;
    for (let at = 0; at < count * memberWords; at += memberWords) {
      if (before.wordOf(old, at + 2) !== after.wordOf(now, at + 2)) return false;
      if (!this.#areSameNames(before.wordOf(old, at), after.wordOf(now, at))) return false;
      if (!this.#areSameMembers(before.wordOf(old, at + 1), after.wordOf(now, at + 1), depth)) return false;
    }
    return true;
  }

  /** Whether a new value came, or one has another number; their order does not count. */
  #compareValues(old: TypeId, now: TypeId): Verdict {
    const [before, after] = [this.#old, this.#new];
    const kind = before.kindOf(old);
    const count = before.countOf(old);
    if (kind !== after.kindOf(now) || before.flagOf(old) !== after.flagOf(now)) return "unsure";
    if (count !== after.countOf(now)) return "different";
    const words = kind === "enum" ? 2 : 3;
    for (let at = 0; at < count * words; at += words) {
      if (!this.#areSameNames(before.wordOf(old, at), after.wordOf(now, at))) return "unsure";
      for (let index = at + 1; index < at + words; index += 1)
        if (before.wordOf(old, index) !== after.wordOf(now, index)) return "different";
    }
    return "same";
  }

  /** Whether members of two types are written alike, take as much room and have the same in them. */
  #areSameMembers(old: TypeId, now: TypeId, depth: number): boolean {
    if (old !== 0 && this.#types[old] === now) return true;
    if (!this.#areWrittenAlike(old, now, 0)) return false;
    if (sizeIn(this.#old, old, this.#oldPointer) !== sizeIn(this.#new, now, this.#newPointer)) return false;
    const body = inlineBody(this.#old, old);
    const other = inlineBody(this.#new, now);
    if (body !== 0 && !this.#areSameBodies(body, other, depth + 1)) return false;
    this.#types[old] = now;
    return true;
  }

  /** Whether C writes two types alike: `struct list_head *` is the same whatever that struct has. */
  #areWrittenAlike(old: TypeId, now: TypeId, depth: number): boolean {
    if (old === 0 || now === 0 || depth > maxDepth) return old === now;
    const [before, after] = [this.#old, this.#new];
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
    if (this.#names[old] === now) return true;
    if (!haveSameName(this.#old.names, old, this.#new.names, now)) return false;
    this.#names[old] = now;
    return true;
  }
}

/** What all members of a struct, and of those in it without a name, have together: it is the same for structs that are. */
class Footprint {
  members = 0;
  /** Of their places and sizes. */
  sum = 0;

  constructor(words: TypeWords, id: TypeId, pointer: number) {
    this.#add(words, id, pointer, 0, 0);
  }

  /** Whether two that have these cannot be the same. */
  differsFrom({ members, sum }: Footprint): boolean {
    const isWhole = this.members < maxMembers && members < maxMembers;
    return isWhole && (this.members !== members || this.sum !== sum);
  }

  #add(words: TypeWords, id: TypeId, pointer: number, origin: number, depth: number): void {
    const isPacked = words.flagOf(id);
    const end = words.countOf(id) * memberWords;
    for (let at = 0; at < end && this.members < maxMembers; at += memberWords) {
      const [nameAt, type, place] = [
        words.wordOf(id, at),
        words.wordOf(id, at + 1),
        words.wordOf(id, at + 2),
      ];
      const start = origin + (isPacked ? place & 0xffffff : place);
      const bits = isPacked ? place >>> 24 : 0;
      if (nameAt !== 0) {
        this.members += 1;
        this.sum =
          (this.sum + start * 31 + (bits === 0 ? sizeIn(words, type, pointer) * 8 : bits)) % 0x100000000;
      }
      const body = bits === 0 ? inlineBody(words, type) : 0;
      if (body !== 0 && depth < maxDepth) this.#add(words, body, pointer, start, depth + 1);
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
