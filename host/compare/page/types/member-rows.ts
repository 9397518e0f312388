import type { EnumValue, MemberChange, ShapeMember } from "../../diff/kernel-diff.js";
import { type Html, html } from "../html.js";
import { changeTag, grouped } from "../words.js";
import { movedBy, offsetText } from "./bars.js";
import { stateOf } from "./segments.js";

/** As many members beside each other that only moved, all by the same, are one row. */
const minRun = 3;

/** The members of a struct or union that differ, or the values of an enum, as rows of a table. */
export function memberRows(members: readonly MemberChange[]): Html[] {
  const rows: Html[] = [];
  let run: MemberChange[] = [];
  const endRun = () => {
    rows.push(...(run.length >= minRun ? [runRow(run)] : run.map(memberRow)));
    run = [];
  };
  for (const member of members) {
    const delta = deltaOf(member);
    if (delta === undefined || delta !== deltaOf(run[0] ?? member)) endRun();
    if (delta !== undefined) run.push(member);
    else if (member.change !== "same") rows.push(memberRow(member));
  }
  endRun();
  return rows;
}

/** Bits that a member moved by, if nothing else differs. */
function deltaOf(member: MemberChange): number | undefined {
  if (stateOf(member) !== "moved") return undefined;
  const [old, now] = [placeOf(member.old), placeOf(member.new)];
  return old === undefined || now === undefined ? undefined : now.bitOffset - old.bitOffset;
}

function runRow(run: readonly MemberChange[]): Html {
  const [first, last] = [run[0], run.at(-1)];
  if (first === undefined || last === undefined) return html``;
  const [from, to] = [placeOf(first.old), placeOf(first.new)];
  return html`<tr><th>${first.path} … ${last.path}<td class="run">${grouped(run.length)} members<td>${offsets(from, to)}<td><td>${changeTag("moved", movedBy(deltaOf(first) ?? 0))}\n`;
}

function memberRow(member: MemberChange): Html {
  const { path, old, new: now } = member;
  if (isValue(old) || isValue(now))
    return html`<tr><th>${path}<td>${isValue(old) ? old.value.toString() : ""}<td>${isValue(now) ? now.value.toString() : ""}<td>${tagOf(member)}\n`;
  const [from, to] = [placeOf(old), placeOf(now)];
  return html`<tr><th>${path}<td>${changed(from?.type, to?.type)}<td>${offsets(from, to)}<td>${changed(sizeText(from), sizeText(to))}<td>${tagOf(member)}\n`;
}

function tagOf(member: MemberChange): Html {
  const { change, isRetyped, isResized } = member;
  const state = stateOf(member);
  if (change !== "changed") return changeTag(change === "same" ? "changed" : change);
  if (state === "moved") return changeTag("moved", movedBy(deltaOf(member) ?? 0));
  if (isRetyped && !isValue(member.old)) return changeTag("changed", isResized ? "type and size" : "type");
  return changeTag("changed", isResized ? "size" : "value");
}

function offsets(old: ShapeMember | undefined, now: ShapeMember | undefined): Html {
  return changed(old && offsetText(old.bitOffset), now && offsetText(now.bitOffset));
}

/** What was and what is, or the one of them that there is. */
function changed(old: string | undefined, now: string | undefined): Html {
  if (old === undefined || now === undefined || old === now) return html`${now ?? old}`;
  return html`<span class="old">${old}</span> <span class="to">→</span> <span class="new">${now}</span>`;
}

function sizeText(member: ShapeMember | undefined): string | undefined {
  if (member === undefined) return undefined;
  const { bitSize, isBitField } = member;
  return isBitField || bitSize % 8 !== 0
    ? `${bitSize} ${bitSize === 1 ? "bit" : "bits"}`
    : grouped(bitSize / 8);
}

function isValue(member: ShapeMember | EnumValue | undefined): member is EnumValue {
  return member !== undefined && "value" in member;
}

function placeOf(member: ShapeMember | EnumValue | undefined): ShapeMember | undefined {
  return member === undefined || isValue(member) ? undefined : member;
}
