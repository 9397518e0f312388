import type { Kind } from "../../../kernel/btf/kinds.js";
import { MalformedBtf } from "../../../kernel/btf/malformed.js";
import type { TypeWords } from "../../../kernel/btf/type-words.js";
import type { TypeId } from "../../../kernel/btf/types.js";
import type { TypeChange } from "../kernel-diff.js";
import { NameTable, type Side } from "../name-table.js";

/** The types of one kind and name in both kernels, in the order of the files. Source files may define one each. */
export interface NamedTypes extends Pick<TypeChange, "kind" | "isTypedef"> {
  readonly old: readonly TypeId[];
  readonly new: readonly TypeId[];
}

/** The longest name, as that which is decoded. */
const maxName = 512;

const comparableKinds = ["struct", "union", "enum"] as const;

/**
 * Pairs the structs, unions and enums of two kernels that have a name, or whose typedef gives them one, by kind and name. A
 * declaration alone is not among them. No name is decoded, for there are many, and most are not told.
 */
export function* pairNamedTypes(old: TypeWords, now: TypeWords): Generator<NamedTypes> {
  const kinds = ["struct", "union", "enum", "enum64", "typedef"] as const;
  const before = old.namedOf(kinds);
  const after = now.namedOf(kinds);
  const names = new TypeNames(old, now, before.length + after.length);
  const oldTypes = names.number(0, before);
  const newTypes = names.number(1, after);
  for (let name = 0; name < names.count; name += 1) yield names.typesOf(name, oldTypes, newTypes);
}

/** Numbers the names of types, each with the kind. */
class TypeNames {
  readonly #words: readonly [TypeWords, TypeWords];
  readonly #table: NameTable;
  readonly #tags: Uint8Array;

  constructor(old: TypeWords, now: TypeWords, capacity: number) {
    this.#words = [old, now];
    this.#table = new NameTable([old.names, now.names], capacity);
    this.#tags = new Uint8Array(capacity);
  }

  get count(): number {
    return this.#table.count;
  }

  /** Numbers the names of some types of one side. */
  number(side: Side, ids: Uint32Array): TypesByName {
    const words = this.#words[side];
    const types = new TypesByName(words.endId, this.#tags.length);
    // A plain loop: an iterator makes an object for each, where this code has never run before.
    for (let index = 0; index < ids.length; index += 1) {
      const id = ids[index] ?? 0;
      const tag = tagOf(words, id);
      if (tag === undefined) continue;
      const nameAt = words.nameAt(id);
      const name = this.#table.numberOf(side, nameAt, nameEnd(words.names, nameAt), tag);
      this.#tags[name] = tag;
      types.add(name, id);
    }
    return types;
  }

  typesOf(name: number, old: TypesByName, now: TypesByName): NamedTypes {
    const tag = this.#tags[name] ?? 0;
    const kind = comparableKinds[tag >> 1] ?? "struct";
    return { kind, isTypedef: tag % 2 === 1, old: old.of(name), new: now.of(name) };
  }
}

/** The types that have a name, by its number. Most names have one, if any: lists of each would take much room. */
class TypesByName {
  readonly #first: Uint32Array;
  readonly #last: Uint32Array;
  /** Of each type: the next one of its name; 0 for none. */
  readonly #next: Uint32Array;

  constructor(endId: TypeId, names: number) {
    this.#first = new Uint32Array(names);
    this.#last = new Uint32Array(names);
    this.#next = new Uint32Array(endId);
  }

  add(name: number, id: TypeId): void {
    const last = this.#last[name] ?? 0;
    if (last === 0) this.#first[name] = id;
    else this.#next[last] = id;
    this.#last[name] = id;
  }

  of(name: number): readonly TypeId[] {
    const first = this.#first[name] ?? 0;
    if (first === 0) return none;
    // A list that grows takes more room from its beginning.
    const types = [first];
    for (let id = this.#next[first] ?? 0; id !== 0; id = this.#next[id] ?? 0) types.push(id);
    return types;
  }
}

const none: readonly TypeId[] = [];

/** A number for the kind as which a type is compared and whether a typedef names it; undefined if it is not compared. */
function tagOf(words: TypeWords, id: TypeId): number | undefined {
  const kindOfId = words.kindOf(id);
  const isTypedef = kindOfId === "typedef";
  const kind = comparableKind(isTypedef ? kindOfAnonymous(words, words.thirdOf(id)) : kindOfId);
  return kind && comparableKinds.indexOf(kind) * 2 + (isTypedef ? 1 : 0);
}

/** The kind as which a type is compared; undefined if it is not. */
export function comparableKind(kind: Kind | undefined): TypeChange["kind"] | undefined {
  if (kind === "enum64") return "enum";
  return kind === "struct" || kind === "union" || kind === "enum" ? kind : undefined;
}

function kindOfAnonymous(words: TypeWords, id: TypeId): Kind | undefined {
  return id !== 0 && words.nameAt(id) === 0 ? words.kindOf(id) : undefined;
}

/** Where a name ends. Throws {@link MalformedBtf} for one that is too long or has no end. */
function nameEnd(names: Buffer, start: number): number {
  for (let at = start; at < start + maxName; at += 1) if (names[at] === 0) return at;
  throw new MalformedBtf("a name in it is too long or lies outside of it");
}

/** Whether two names are the same; false for names that are longer than any. */
export function haveSameName(names: Buffer, at: number, others: Buffer, otherAt: number): boolean {
  for (let index = 0; index < maxName; index += 1) {
    const byte = names[at + index];
    if (byte !== others[otherAt + index] || byte === undefined) return false;
    if (byte === 0) return true;
  }
  return false;
}
