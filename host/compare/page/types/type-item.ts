import type { TypeChange, TypeDetails } from "../../diff/kernel-diff.js";
import { fittingCount } from "../budget.js";
import { type Html, html } from "../html.js";
import { changeTag, counted, grouped } from "../words.js";
import { barsOf } from "./bars.js";
import { memberRows } from "./member-rows.js";
import { stateOf } from "./segments.js";

/** A type that changed, as its pieces: the line that is always there, and what is shown below it. */
export interface TypeItem {
  readonly change: TypeChange;
  readonly summary: Html;
  readonly bars: Html | undefined;
  readonly rows: readonly Html[];
}

/** Makes the pieces of a type that is in both kernels. */
export function typeItem(change: TypeChange, details: TypeDetails): TypeItem {
  return {
    change,
    summary: html`<code>${nameOf(change)}</code> <span class="size">${sizes(change)}</span>${tags(details)}`,
    bars: change.kind === "struct" ? barsOf(nameOf(change), details) : undefined,
    rows: memberRows(details.members),
  };
}

/** A type as C names it. */
export function nameOf({ kind, name, isTypedef }: TypeChange): string {
  return isTypedef ? name : `${kind} ${name}`;
}

/** Its size in bytes, or what became of it. */
export function sizes({ oldSize, newSize }: TypeChange): string {
  if (oldSize === undefined || newSize === undefined || oldSize === newSize)
    return counted(newSize ?? oldSize ?? 0, "byte");
  return `${grouped(oldSize)} → ${counted(newSize, "byte")}`;
}

/** Bytes of its pieces: of each row, then of the bars. */
export function sizesOf({ bars, rows }: TypeItem): number[] {
  return [...rows, ...(bars === undefined ? [] : [bars])].map(({ size }) => size);
}

/** @param maxBytes What it may show below its line: rows that do not fit are left out, and bars if there is no room after all rows. */
export function itemHtml(item: TypeItem, id: string, maxBytes: number): Html {
  const { change, summary, bars } = item;
  const count = fittingCount(sizesOf(item), maxBytes);
  const rows = item.rows.slice(0, count);
  if (rows.length === 0 && item.rows.length > 0) return html`<li class="type" id="${id}">${summary}\n`;
  const left = item.rows.length - rows.length;
  const cut = left > 0 ? html`<p class="cut">${counted(left, "more row")} left out.</p>` : undefined;
  return html`<li class="type" id="${id}"><details><summary>${summary}</summary>
${count > item.rows.length ? bars : undefined}<div class="scroll" tabindex="0" role="region" aria-label="Members of ${nameOf(change)} that differ"><table>
<thead><tr>${change.kind === "enum" ? enumHead : memberHead}</thead>
<tbody>
${rows}</tbody></table></div>${cut}</details>\n`;
}

const memberHead = html`<th scope="col">Member<th scope="col">Type<th scope="col">Offset<th scope="col">Size<th scope="col">Change`;
const enumHead = html`<th scope="col">Name<th scope="col">Old value<th scope="col">New value<th scope="col">Change`;

function tags({ members }: TypeDetails): Html[] {
  const states = members.map(stateOf);
  return (["added", "removed", "changed", "moved"] as const).flatMap((state) => {
    const count = states.filter((other) => other === state).length;
    return count === 0 ? [] : [html` ${changeTag(state, `${grouped(count)} ${state}`)}`];
  });
}
