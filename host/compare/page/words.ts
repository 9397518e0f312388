import type { Change, ChangeCounts } from "../diff/kernel-diff.js";
import { type Html, html } from "./html.js";

const numbers = new Intl.NumberFormat("en");

/** A number with its thousands apart: `9,536`. */
export function grouped(value: number): string {
  return numbers.format(value);
}

/** A number with its noun: `1 file`, `2,000 files`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}

/** What changed, as a word with its colour. */
export function changeTag(change: Change | "moved", text: string = change): Html {
  return html`<span class="tag ${change}">${text}</span>`;
}

/** The counts that are not 0, each with its colour. */
export function countTags(counts: ChangeCounts): Html[] {
  return (["added", "removed", "changed"] as const)
    .filter((change) => counts[change] > 0)
    .map((change) => html` ${changeTag(change, `${grouped(counts[change])} ${change}`)}`);
}

/** Says that something is left out, and where all of it is. */
export function leftOut(what: string, command: string): Html {
  return html`<p class="cut">${what} to keep this page small. <code>kheaders diff ${command}</code> prints all.</p>`;
}

/** The heading of a part, and what can be done with it if scripts run. */
export interface SectionOptions {
  readonly id: string;
  readonly title: string;
  /** What the filter looks for: `option or value`. */
  readonly filterFor: string;
  /** CSS selector of what the filter shows or hides, each by its text; files by their place in the page. */
  readonly items: string;
  /** Whether there is something to open and close. */
  readonly canOpen: boolean;
}

/** The beginning of a part. */
export function sectionStart({ id, title, filterFor, items, canOpen }: SectionOptions): Html {
  const buttons = canOpen
    ? html`<button type="button" data-open="true">Open all</button><button type="button" data-open="false">Close all</button>`
    : undefined;
  return html`<section id="${id}" aria-labelledby="${id}-title" data-items="${items}">
<div class="head"><h2 id="${id}-title">${title}</h2>
<div class="tools" role="search" aria-label="${title}" hidden><output></output><label>Filter <input type="search" placeholder="${filterFor}" autocomplete="off" spellcheck="false"></label>${buttons}</div></div>
`;
}

export const sectionEnd: Html = html`</section>
`;

/** A part that cannot be compared. */
export function unknownSection(title: string, id: string, why: string): Html {
  return html`<section id="${id}" aria-labelledby="${id}-title"><div class="head"><h2 id="${id}-title">${title}</h2></div>
<p>Not compared: ${why}.</p></section>
`;
}
