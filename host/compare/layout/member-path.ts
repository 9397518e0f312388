import { KheadersError } from "../../../shared/errors.js";
import { printable } from "../../../shared/printable.js";
import type { Btf } from "../../kernel/btf/btf.js";
import { resolve, sizeOf } from "../../kernel/btf/resolve.js";
import type { BtfComposite, BtfMember, TypeId } from "../../kernel/btf/types.js";
import { typeName } from "./declaration.js";
import { findType, suggestion } from "./find-type.js";
import { type LayoutMember, placeOf } from "./layout.js";
import { nearNames } from "./near-names.js";

/** Where a member lies in a struct that contains it, however deep. */
export interface MemberPlace extends Pick<LayoutMember, "offset" | "size" | "bits"> {
  /** `task_struct.thread.sp`, as it was asked for. */
  readonly path: string;
  /** As C writes it without a name. */
  readonly type: string;
}

interface Step {
  readonly name: string;
  readonly indexes: readonly number[];
}

/** A member, and the bytes from the outermost struct to it. */
interface Place extends Pick<LayoutMember, "offset" | "bits"> {
  readonly type: TypeId;
}

/** Whether a name is a path to a member: it has a dot. */
export function isMemberPath(name: string): boolean {
  return name.includes(".");
}

/**
 * Finds the offset of a member, through members that are anonymous and elements of arrays.
 *
 * @param path A struct's name and members, as in `task_struct.thread.sp` and `sighand_struct.action[2].sa`.
 * @throws KheadersError `usage` for an invalid path; `unknown-type` if there is no such struct or member.
 */
export function memberAt(btf: Btf, path: string): MemberPlace {
  const [first = "", ...rest] = path.split(".");
  const steps = rest.map((text) => stepOf(text, path));
  let place: Place = { type: findType(btf, first).id, offset: 0, bits: undefined };
  let walked = first;
  for (const { name, indexes } of steps) {
    place = memberOf(btf, place, name, walked);
    walked += `.${name}`;
    for (const index of indexes) {
      place = elementOf(btf, place, index, walked);
      walked += `[${index}]`;
    }
  }
  const { type, offset, bits } = place;
  return { path, type: typeName(btf, type), offset, size: sizeOf(btf, type), bits };
}

function stepOf(text: string, path: string): Step {
  const [, name, indexes = ""] = /^(\w+)((?:\[\d{1,9}\])*)$/.exec(text) ?? [];
  if (name === undefined) {
    throw new KheadersError("usage", `invalid member "${printable(text)}" in ${printable(path)}`, {
      hint: "Expected a path such as task_struct.thread.sp or sighand_struct.action[2].sa",
    });
  }
  return { name, indexes: Array.from(indexes.matchAll(/\d+/g), ([digits]) => Number(digits)) };
}

function memberOf(btf: Btf, from: Place, name: string, walked: string): Place {
  const { type } = resolve(btf, from.type, { typedefs: true });
  if (type.kind !== "struct" && type.kind !== "union") throw endsHere(btf, from.type, walked);
  for (const { member, offset } of membersThrough(btf, type)) {
    if (member.name !== name) continue;
    const place = placeOf(btf, member);
    return { type: member.type, offset: from.offset + offset + place.offset, bits: place.bits };
  }
  const names = Array.from(membersThrough(btf, type), ({ member }) => member.name);
  throw new KheadersError("unknown-type", `${printable(walked)} has no member "${name}"`, {
    hint: suggestion(nearNames(name, names)),
  });
}

/** The members of a struct and those of its anonymous members, each with the offset of what it is a member of. */
function* membersThrough(btf: Btf, type: BtfComposite): Generator<{ member: BtfMember; offset: number }> {
  const waiting = [{ type, offset: 0 }];
  // What was looked through once has nothing new; so this ends, whatever contains what.
  const seen = new Set<TypeId>();
  for (const { type, offset } of waiting) {
    for (const member of type.members) {
      yield { member, offset };
      if (member.name !== "") continue;
      const inner = resolve(btf, member.type, { typedefs: true });
      if (seen.has(inner.id) || (inner.type.kind !== "struct" && inner.type.kind !== "union")) continue;
      seen.add(inner.id);
      waiting.push({ type: inner.type, offset: offset + Math.floor(member.bitOffset / 8) });
    }
  }
}

function elementOf(btf: Btf, from: Place, index: number, walked: string): Place {
  const { type } = resolve(btf, from.type, { typedefs: true });
  if (type.kind !== "array") throw new KheadersError("unknown-type", `${printable(walked)} is not an array`);
  // An array of no elements, or of one, may be the open end of a struct.
  if (index >= type.count && type.count > 1) {
    const message = `${printable(walked)} has ${type.count} elements, and there is no [${index}]`;
    throw new KheadersError("unknown-type", message);
  }
  return { type: type.of, offset: from.offset + index * sizeOf(btf, type.of), bits: undefined };
}

function endsHere(btf: Btf, id: TypeId, walked: string): KheadersError {
  const { type } = resolve(btf, id, { typedefs: true });
  const text = printable(typeName(btf, id));
  if (type.kind === "pointer") {
    return new KheadersError("unknown-type", `${printable(walked)} is a pointer (${text})`, {
      hint: "What it points to is elsewhere in memory. Ask for an offset in that struct by itself.",
    });
  }
  const hint = type.kind === "array" ? `Name an element, as in ${printable(walked)}[0].` : undefined;
  return new KheadersError("unknown-type", `${printable(walked)} is ${text}, which has no members`, { hint });
}
