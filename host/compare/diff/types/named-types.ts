import type { Btf } from "../../../kernel/btf/btf.js";
import type { Kind } from "../../../kernel/btf/kinds.js";
import type { TypeWords } from "../../../kernel/btf/type-words.js";
import type { TypeId } from "../../../kernel/btf/types.js";
import type { TypeChange } from "../kernel-diff.js";

/** The types of one kind that have one name. */
export interface NamedTypes extends Pick<TypeChange, "kind" | "name" | "isTypedef"> {
  /** In the order of the file. Source files may define one each. */
  readonly ids: readonly TypeId[];
}

/**
 * The structs, unions and enums of a kernel that have a name, or whose typedef gives them one, by kind and name. A declaration
 * alone is not among them.
 */
export function namedTypes(btf: Btf): Map<string, NamedTypes> {
  const words = btf.words();
  const found = new Map<string, NamedTypes & { ids: TypeId[] }>();
  for (const id of words.namedOf(["struct", "union", "enum", "enum64", "typedef"])) {
    const itsKind = words.kindOf(id);
    const isTypedef = itsKind === "typedef";
    const kind = asComparable(isTypedef ? kindOfAnonymous(words, words.thirdOf(id)) : itsKind);
    if (kind === undefined) continue;
    const name = btf.nameOf(id);
    const key = keyOf(kind, name, isTypedef);
    const known = found.get(key);
    if (known === undefined) found.set(key, { kind, name, isTypedef, ids: [id] });
    else known.ids.push(id);
  }
  return found;
}

/** The keys that a name may have in what {@link namedTypes} gives. */
export function comparableKeys(name: string): string[] {
  return (["struct", "union", "enum"] as const).flatMap((kind) => [
    keyOf(kind, name, false),
    keyOf(kind, name, true),
  ]);
}

function keyOf(kind: NamedTypes["kind"], name: string, isTypedef: boolean): string {
  return `${isTypedef ? "typedef " : ""}${kind} ${name}`;
}

function kindOfAnonymous(words: TypeWords, id: TypeId): Kind | undefined {
  return id !== 0 && words.nameAt(id) === 0 ? words.kindOf(id) : undefined;
}

function asComparable(kind: Kind | undefined): NamedTypes["kind"] | undefined {
  if (kind === "enum64") return "enum";
  return kind === "struct" || kind === "union" || kind === "enum" ? kind : undefined;
}
