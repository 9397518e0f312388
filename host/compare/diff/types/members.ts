import {
  changeOf,
  type EnumValue,
  type MemberChange,
  type ShapeMember,
  type TypeDetails,
  type TypeShape,
} from "../kernel-diff.js";

/** Compares a type with what it was; one of the two may be undefined. */
export function diffShapes(old: TypeShape | undefined, now: TypeShape | undefined): TypeDetails {
  const members = merge(old?.members ?? [], now?.members ?? [], ({ path }) => path, changeOfMember);
  const values = merge(old?.values ?? [], now?.values ?? [], ({ name }) => name, changeOfValue);
  return { old, new: now, members: [...members, ...values] };
}

/** Whether nothing differs in a type that both kernels have. */
export function isSameShape({ old, new: now, members }: TypeDetails): boolean {
  return old?.size === now?.size && members.every(({ change }) => change === "same");
}

type Differences = Pick<MemberChange, "isMoved" | "isRetyped" | "isResized">;

function changeOfMember(old: ShapeMember, now: ShapeMember): Differences {
  return {
    isMoved: old.bitOffset !== now.bitOffset,
    isRetyped: old.type !== now.type || old.isBitField !== now.isBitField,
    isResized: old.bitSize !== now.bitSize,
  };
}

function changeOfValue(old: EnumValue, now: EnumValue): Differences {
  return { isMoved: false, isRetyped: old.value !== now.value, isResized: false };
}

/** Puts both lists into one, by name: in the order of the new one, and what was removed where it was. */
function merge<T extends ShapeMember | EnumValue>(
  old: readonly T[],
  now: readonly T[],
  nameOf: (item: T) => string,
  compare: (old: T, now: T) => Differences,
): MemberChange[] {
  const places = new Map<string, number[]>();
  for (const [index, item] of old.entries()) {
    const known = places.get(nameOf(item));
    if (known === undefined) places.set(nameOf(item), [index]);
    else known.push(index);
  }
  const merged: MemberChange[] = [];
  const isKept = new Set<number>();
  const partners = now.map((item) => {
    // Only what no compiler makes has two of one name: these are taken in their order.
    const place = places.get(nameOf(item))?.shift();
    if (place !== undefined) isKept.add(place);
    return place;
  });
  let next = 0;
  /** Adds what was removed before a place of the old list, or (without one) what stands at the next place. */
  const addRemoved = (end?: number) => {
    for (; next < (end ?? old.length); next += 1) {
      const item = old[next];
      if (item !== undefined && !isKept.has(next)) merged.push(changed(nameOf(item), item, undefined, none));
      else if (end === undefined) return;
    }
  };
  for (const [index, item] of now.entries()) {
    const place = partners[index];
    const before = place === undefined ? undefined : old[place];
    addRemoved(place);
    merged.push(changed(nameOf(item), before, item, before === undefined ? none : compare(before, item)));
    if (place !== undefined) next = Math.max(next, place + 1);
  }
  addRemoved(old.length);
  return merged;
}

const none: Differences = { isMoved: false, isRetyped: false, isResized: false };

function changed(
  path: string,
  old: ShapeMember | EnumValue | undefined,
  now: ShapeMember | EnumValue | undefined,
  differences: Differences,
): MemberChange {
  const { isMoved, isRetyped, isResized } = differences;
  const isSame = old !== undefined && now !== undefined && !isMoved && !isRetyped && !isResized;
  return { path, change: isSame ? "same" : changeOf(old, now), ...differences, old, new: now };
}
