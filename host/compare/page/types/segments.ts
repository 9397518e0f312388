import type { MemberChange, ShapeMember, TypeDetails } from "../../diff/kernel-diff.js";

/** What a part of a struct is, of the weakest to the strongest: where members share bits, the strongest is shown. */
const states = ["same", "moved", "changed", "added", "removed"] as const;
export type SegmentState = (typeof states)[number];

/** A part of a struct, in bits, in which all members that lie beside each other have the same state. */
export interface Segment {
  readonly start: number;
  readonly end: number;
  readonly state: SegmentState;
  /** Bits that its members moved by, if that is all that became of them. */
  readonly delta: number;
  readonly first: string;
  readonly last: string;
  /** How many members it has. */
  readonly members: number;
}

/** More members than a struct of a kernel has: such a one is not drawn. */
const maxMembers = 5_000;

/** The parts of a struct in one of the kernels, from its beginning; what no member takes is in none. */
export function segmentsOf({ members }: TypeDetails, side: "old" | "new"): Segment[] {
  const placed = leaves(members).flatMap((change) => {
    const member = change[side];
    return member !== undefined && "bitOffset" in member && member.bitSize > 0
      ? [placedOf(change, member)]
      : [];
  });
  if (placed.length > maxMembers) return [];
  placed.sort((one, other) => one.start - other.start);
  const segments: Segment[] = [];
  for (const next of apart(placed)) {
    const last = segments.at(-1);
    if (last?.end === next.start && last.state === next.state && last.delta === next.delta)
      segments[segments.length - 1] = {
        ...last,
        end: next.end,
        last: next.last,
        members: last.members + next.members,
      };
    else segments.push(next);
  }
  return segments;
}

/** The state of a member, for its colour. */
export function stateOf({ change, isRetyped, isResized }: MemberChange): SegmentState {
  return change === "changed" && !isRetyped && !isResized ? "moved" : change;
}

/** Members that have no members of their own among the others. */
function leaves(members: readonly MemberChange[]): MemberChange[] {
  const outer = new Set<string>();
  for (const { path } of members)
    for (let at = path.indexOf("."); at >= 0; at = path.indexOf(".", at + 1))
      outer.add(path.slice(0, at).replace(/\[0\]$/, ""));
  return members.filter(({ path }) => !outer.has(path));
}

function placedOf(change: MemberChange, member: ShapeMember): Segment {
  const state = stateOf(change);
  const before = change.old !== undefined && "bitOffset" in change.old ? change.old.bitOffset : 0;
  const after = change.new !== undefined && "bitOffset" in change.new ? change.new.bitOffset : 0;
  return {
    start: member.bitOffset,
    end: member.bitOffset + member.bitSize,
    state,
    delta: state === "moved" ? after - before : 0,
    first: change.path,
    last: change.path,
    members: 1,
  };
}

/** Of members that share bits (those of unions), one: the strongest, over all that they take together. */
function* apart(sorted: readonly Segment[]): Generator<Segment> {
  let current: Segment | undefined;
  for (const next of sorted) {
    if (current !== undefined && next.start < current.end) {
      const strongest: Segment = states.indexOf(next.state) > states.indexOf(current.state) ? next : current;
      current = {
        ...strongest,
        start: current.start,
        end: Math.max(current.end, next.end),
        members: current.members + 1,
      };
    } else {
      if (current !== undefined) yield current;
      current = next;
    }
  }
  if (current !== undefined) yield current;
}
