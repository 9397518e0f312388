/** Maximum length of what {@link printable} returns, in UTF-16 code units, unless the caller gives another. */
export const printableLength = 200;

/**
 * What Unicode calls "other" (control and format characters, which include the bidirectional overrides and the
 * zero-width ones, lone surrogates, private use, unassigned) and its line and paragraph separators.
 */
const unprintable = /[\p{C}\p{Zl}\p{Zp}]/u;
const allUnprintable = new RegExp(unprintable, "gu");

const shortEscapes: ReadonlyMap<string, string> = new Map([
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
]);

/** Text that needs no escape: nearly everything that is ever printed. */
const plain = /^[ -~]*$/;

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Makes text of unknown origin fit for a terminal, a log line and an error message. Everything that could move a
 * cursor, start a line, reorder or hide text is replaced by its escape (`\x1b`, `\n`, `\u202e`, `\u{e0001}`), bytes that
 * are not UTF-8 by U+FFFD, and what does not fit into `maxLength` UTF-16 code units by `…`. A backslash is not escaped,
 * so applying it twice changes nothing.
 */
export function printable(text: string | Uint8Array, maxLength: number = printableLength): string {
  if (typeof text === "string" && text.length <= maxLength && plain.test(text)) return text;
  // UTF-8 needs at most four bytes for a character, and one character more than fits shows that something is left out.
  const decoded = typeof text === "string" ? text : utf8.decode(text.subarray(0, 4 * (maxLength + 1)));
  let shown = "";
  let lastFit = "";
  for (const character of decoded) {
    shown += escaped(character);
    if (shown.length > maxLength) return maxLength > 0 ? `${lastFit}…` : "";
    if (shown.length < maxLength) lastFit = shown;
  }
  return shown;
}

/**
 * JSON on one line that is fit for a terminal: everything that {@link printable} would escape is written as `\uXXXX`,
 * which a JSON parser reads as the same text.
 */
export function printableJson(value: object): string {
  // Outside of strings, JSON.stringify writes ASCII only.
  return JSON.stringify(value).replace(allUnprintable, (character) =>
    Array.from({ length: character.length }, (_, index) => {
      const codeUnit = character.charCodeAt(index);
      return `\\u${codeUnit.toString(16).padStart(4, "0")}`;
    }).join(""),
  );
}

function escaped(character: string): string {
  if (!unprintable.test(character)) return character;
  const short = shortEscapes.get(character);
  if (short !== undefined) return short;
  const codePoint = character.codePointAt(0) ?? 0;
  const hex = codePoint.toString(16);
  if (codePoint <= 0xff) return `\\x${hex.padStart(2, "0")}`;
  return codePoint <= 0xffff ? `\\u${hex.padStart(4, "0")}` : `\\u{${hex}}`;
}
