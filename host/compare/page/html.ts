import { printable } from "../../../shared/printable.js";

/** Longest text of unknown origin in one place of the page, in UTF-16 code units. */
const maxText = 300;

/** Text that is HTML already: what {@link html} made, or a constant. */
export class Html {
  #size: number | undefined;

  constructor(readonly text: string) {}

  /** Bytes as UTF-8. */
  get size(): number {
    this.#size ??= Buffer.byteLength(this.text);
    return this.#size;
  }
}

type Value = string | number | Html | readonly Html[] | undefined;

/**
 * HTML in which every value is escaped, for an element's text as well as for a quoted attribute, unless it is {@link Html}.
 * Control characters and what reorders text become visible escapes, and text is cut at 300 characters: names come
 * from devices. `undefined` is nothing.
 */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Html {
  let text = strings[0] ?? "";
  for (const [index, value] of values.entries()) text += textOf(value) + (strings[index + 1] ?? "");
  return new Html(text);
}

/** A line of a file: as {@link html} makes of text, but a tab stays what it is. */
export function lineHtml(line: string): string {
  if (line.length <= maxText && plainLine.test(line)) return line;
  return line
    .slice(0, maxText + 1)
    .split("\t")
    .map((part) => escapeText(printable(part, maxText)))
    .join("\t");
}

/** ASCII without what {@link escapeText} escapes: nearly every line. */
const plainLine = /^[\t !#-%(-;=?-~]*$/;

/** Pieces of HTML, one after another. */
export function joined(pieces: readonly Html[]): Html {
  return new Html(pieces.map(({ text }) => text).join(""));
}

function textOf(value: Value): string {
  if (value === undefined) return "";
  if (value instanceof Html) return value.text;
  if (typeof value === "string") return escapeText(printable(value, maxText));
  return typeof value === "number" ? String(value) : joined(value).text;
}

const special = /[&<>"']/;

/** HTML Standard, 13.3: what must not stand in text or in an attribute with either kind of quotes. */
function escapeText(text: string): string {
  if (!special.test(text)) return text;
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
