import type { KernelDiff, TypeChange, TypesDiff } from "../../diff/kernel-diff.js";
import { fairShare, fittingCount, maxPartBytes, takeFitting, usedBytes } from "../budget.js";
import { type Html, html } from "../html.js";
import { changeTag, counted, grouped, leftOut, sectionEnd, sectionStart, unknownSection } from "../words.js";
import { knownTypes } from "./known-types.js";
import { itemHtml, nameOf, sizes, sizesOf, typeItem } from "./type-item.js";

/** A type that many programs read is shown whole, but for what is more than this, in bytes. */
const maxKnownBytes = 40_000;
/** Bytes of tags and attributes of a type, without its members. */
const itemFrame = 480;

/**
 * The types that differ: those of both kernels as bars with their members, then those of one.
 *
 * @param anchors The place of each type.
 */
export function* typesSection(
  part: NonNullable<KernelDiff["types"]>,
  anchors: ReadonlyMap<TypeChange, string>,
): Generator<Html> {
  const [id, title] = ["types", "Structs, unions and enums"];
  if (part.diff === undefined) return yield unknownSection(title, id, part.unknown);
  const { types, same, from } = part.diff;
  yield sectionStart({ id, title, filterFor: "type or member", items: ".type", canOpen: true });
  if (from.old === "headers")
    yield html`<p class="note">The types are those of the headers: types that only the kernel's own source files define are not among them.</p>\n`;
  if (types.length === 0) yield html`<p>All ${counted(same, "type")} are the same.</p>\n`;
  yield* changedTypes(part.diff, anchors);
  for (const change of ["removed", "added"] as const) {
    const some = types.filter((type) => type.change === change);
    if (some.length > 0) yield* typesOfOne(some, change);
  }
  yield sectionEnd;
}

function* changedTypes(
  { types, details }: TypesDiff,
  anchors: ReadonlyMap<TypeChange, string>,
): Generator<Html> {
  const changed = types.filter(({ change }) => change === "changed");
  if (changed.length === 0) return;
  const { shown: kept, left } = takeFitting(knownFirst(changed).map(withSize), maxPartBytes.changedTypes);
  const isKept = new Set(kept.map(({ change }) => change));
  const shown = changed
    .filter((change) => isKept.has(change))
    .map((change) => typeItem(change, details(change)));
  const known = shown.filter(({ change }) => isKnown(change)).map(sizesOf);
  const others = shown.filter(({ change }) => !isKnown(change)).map(sizesOf);
  const knownShare = Math.min(maxKnownBytes, fairShare(known, maxPartBytes.members));
  const otherShare = fairShare(others, maxPartBytes.members - usedBytes(known, knownShare));
  const limitOf = (change: TypeChange) => (isKnown(change) ? knownShare : otherShare);
  if (shown.some((item) => fittingCount(sizesOf(item), limitOf(item.change)) < sizesOf(item).length))
    yield html`<p class="cut">Of types with many differences only the first are shown, or no bars, to keep this page small. <code>kheaders diff --struct NAME</code> prints all of one.</p>\n`;
  yield html`<h3>${counted(changed.length, "type")} changed</h3>\n<ul class="types">\n`;
  for (const item of shown) yield itemHtml(item, anchors.get(item.change) ?? "", limitOf(item.change));
  yield html`</ul>\n`;
  if (left > 0) yield leftOut(`${counted(left, "more type")} left out`, "--types");
}

function isKnown({ name }: TypeChange): boolean {
  return knownTypes.has(name);
}

function knownFirst(types: readonly TypeChange[]): TypeChange[] {
  return [...types.filter(isKnown), ...types.filter((type) => !isKnown(type))];
}

function withSize(change: TypeChange): { readonly change: TypeChange; readonly size: number } {
  return { change, size: 3 * html`${change.name}`.size + itemFrame };
}

function* typesOfOne(types: readonly TypeChange[], change: "added" | "removed"): Generator<Html> {
  const items = types.map(
    (type) => html`<li class="type"><code>${nameOf(type)}</code> <span class="size">${sizes(type)}</span>\n`,
  );
  const { shown, left } = takeFitting(items, maxPartBytes.otherTypes / 2);
  yield html`<details class="group"><summary>${changeTag(change, `${grouped(types.length)} ${change}`)}</summary>\n<ul class="types plain">\n`;
  yield* shown;
  yield html`</ul>\n`;
  if (left > 0) yield leftOut(`${counted(left, "more type")} left out`, "--types");
  yield html`</details>\n`;
}
