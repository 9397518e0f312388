import { KheadersError } from "../../../shared/errors.js";
import { printable } from "../../../shared/printable.js";
import type { Btf } from "../../kernel/btf/btf.js";
import type { Kind } from "../../kernel/btf/kinds.js";
import { resolve } from "../../kernel/btf/resolve.js";
import type { TypeId } from "../../kernel/btf/types.js";
import { typeName } from "./declaration.js";
import { nearNames } from "./near-names.js";

/** A struct or union that was found by its name. */
export interface FoundType {
  /** A struct, a union, or a typedef of one. */
  readonly id: TypeId;
  /** How many others have that name: source files may define one each. */
  readonly others: number;
}

const shown: readonly Kind[] = ["struct", "union"];

/**
 * Finds a struct or union, by its name or by a typedef's.
 *
 * @param name `task_struct`, `struct task_struct`, `spinlock_t`. The first one counts if there are several.
 * @throws KheadersError `unknown-type` if there is none, or it is not a struct or union.
 */
export function findType(btf: Btf, name: string): FoundType {
  const [, keyword, bare = ""] = /^(?:(struct|union)\s+)?(.*)$/s.exec(name) ?? [];
  const ids = btf.idsNamed(bare);
  const wanted = keyword === undefined ? shown : [keyword];
  const defined = ids.filter((id) => wanted.includes(btf.kindOf(id)));
  const renamed = ids.filter((id) => keyword === undefined && isTypedefOfOne(btf, id));
  const found = defined.length > 0 ? defined : renamed;
  const [id] = found;
  if (id !== undefined) return { id, others: found.length - 1 };
  throw notFound(btf, name, bare, ids);
}

function isTypedefOfOne(btf: Btf, id: TypeId): boolean {
  if (btf.kindOf(id) !== "typedef") return false;
  const { type } = resolve(btf, id, { typedefs: true });
  return type.kind === "struct" || type.kind === "union";
}

function notFound(btf: Btf, name: string, bare: string, ids: readonly TypeId[]): KheadersError {
  const shownName = printable(name);
  const [typedef] = ids.filter((id) => btf.kindOf(id) === "typedef");
  if (typedef !== undefined && name === bare) {
    const { id } = resolve(btf, typedef, { typedefs: true });
    const message = `${shownName} is ${printable(typeName(btf, id))}, which has no members`;
    return new KheadersError("unknown-type", message);
  }
  if (ids.some((id) => btf.kindOf(id) === "forward")) {
    return new KheadersError("unknown-type", `${shownName} is declared but not described`, {
      hint: "The sources that this BTF was made from do not define it. A module's BTF may.",
    });
  }
  return new KheadersError("unknown-type", `there is no struct or union "${shownName}"`, {
    hint: suggestion(nearNames(bare, namesOf(btf))) ?? "A module's types are in the module's BTF.",
  });
}

/** The names of all that has members, and of all typedefs. */
function* namesOf(btf: Btf): Generator<string> {
  for (const { kind, name } of btf.named()) if (shown.includes(kind) || kind === "typedef") yield name;
}

/** `Did you mean …?`; undefined if there is nothing to suggest. */
export function suggestion(names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined;
  return `Did you mean ${names.map((name) => printable(name)).join(", ")}?`;
}
