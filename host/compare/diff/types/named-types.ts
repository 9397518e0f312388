import type { Kind } from "../../../kernel/btf/kinds.js";
import { MalformedBtf } from "../../../kernel/btf/malformed.js";
import type { TypeWords } from "../../../kernel/btf/type-words.js";
import type { TypeId } from "../../../kernel/btf/types.js";
import type { TypeChange } from "../kernel-diff.js";

/** The types of one kind and name in both kernels, in the order of the files. Source files may define one each. */
export interface NamedTypes extends Pick<TypeChange, "kind" | "isTypedef"> {
  readonly old: readonly TypeId[];
  readonly new: readonly TypeId[];
}

/** Types, and one whose name is theirs. */
interface Bucket extends NamedTypes {
  old: TypeId[];
  new: TypeId[];
  readonly words: TypeWords;
  readonly nameAt: number;
  /** What has the same hash. */
  next: Bucket | undefined;
}

/** Most have one type, if any: lists that grow would take room for many. */
const none: TypeId[] = [];

/** The longest name, as that which is decoded. */
const maxName = 512;

/**
 * Pairs the structs, unions and enums of two kernels that have a name, or whose typedef gives them one, by kind and name. A
 * declaration alone is not among them. No name is decoded, for there are many, and most are not told.
 */
export function pairNamedTypes(old: TypeWords, now: TypeWords): NamedTypes[] {
  const buckets = new Map<number, Bucket>();
  const all: NamedTypes[] = [];
  for (const words of [old, now]) {
    for (const id of words.namedOf(["struct", "union", "enum", "enum64", "typedef"])) {
      const kindOfId = words.kindOf(id);
      const isTypedef = kindOfId === "typedef";
      const kind = comparableKind(isTypedef ? kindOfAnonymous(words, words.thirdOf(id)) : kindOfId);
      if (kind === undefined) continue;
      const nameAt = words.nameAt(id);
      const key = hashOf(words.names, nameAt);
      const first = buckets.get(key);
      let bucket = first;
      while (bucket !== undefined && !isAlike(bucket, kind, isTypedef, words.names, nameAt))
        bucket = bucket.next;
      if (bucket === undefined) {
        bucket = { kind, isTypedef, old: none, new: none, words, nameAt, next: first };
        buckets.set(key, bucket);
        all.push(bucket);
      }
      const side = words === old ? "old" : "new";
      if (bucket[side] === none) bucket[side] = [id];
      else bucket[side].push(id);
    }
  }
  return all;
}

/** The kind as which a type is compared; undefined if it is not. */
export function comparableKind(kind: Kind | undefined): TypeChange["kind"] | undefined {
  if (kind === "enum64") return "enum";
  return kind === "struct" || kind === "union" || kind === "enum" ? kind : undefined;
}

function kindOfAnonymous(words: TypeWords, id: TypeId): Kind | undefined {
  return id !== 0 && words.nameAt(id) === 0 ? words.kindOf(id) : undefined;
}

function isAlike(bucket: Bucket, kind: string, isTypedef: boolean, names: Buffer, nameAt: number): boolean {
  if (bucket.kind !== kind || bucket.isTypedef !== isTypedef) return false;
  return haveSameName(bucket.words.names, bucket.nameAt, names, nameAt);
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

/** Where the hash begins: a file cannot know which of its names would have the same. */
const seed = Math.floor(Math.random() * 0x100000000);

/** FNV-1a of a name. Throws {@link MalformedBtf} for one that is too long or has no end. */
function hashOf(names: Buffer, at: number): number {
  let hash = seed;
  for (let index = at; index < at + maxName; index += 1) {
    const byte = names[index];
    if (byte === 0) return hash;
    if (byte === undefined) break;
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  throw new MalformedBtf("a name in it is too long or lies outside of it");
}
