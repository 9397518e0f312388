/** A command line up to the cursor, as a completion sees it. */
export interface TypedLine {
  /** The words before the one at the cursor, without quotes; the program is the first. */
  readonly before: readonly string[];
  /** The word at the cursor, up to there, without quotes. */
  readonly current: string;
  /** How much of `current` readline does not replace: it takes what follows a break for the word. */
  readonly kept: number;
  /** The quote that is open at the cursor. */
  readonly quote: "" | "'" | '"';
}

/**
 * Reads a line as bash does, without expansions (bash(1), "QUOTING"). `breaks` are bash's COMP_WORDBREAKS: where one of them
 * stands unquoted in the word at the cursor, readline replaces only what follows it.
 */
export function readBashLine(line: string, breaks: string): TypedLine {
  const before: string[] = [];
  let current: string | undefined;
  let kept = 0;
  let quote: TypedLine["quote"] = "";
  for (let index = 0; index < line.length; index++) {
    const character = line[index] ?? "";
    const next = line[index + 1];
    if (quote === "" && /\s/.test(character)) {
      if (current !== undefined) before.push(current);
      current = undefined;
      kept = 0;
    } else if (
      character === "\\" &&
      next !== undefined &&
      (quote === "" || (quote === '"' && /[\\"$`]/.test(next)))
    ) {
      current = (current ?? "") + next;
      index++;
    } else if (quote === "" ? character === '"' || character === "'" : character === quote) {
      quote = quote === "" ? (character as '"' | "'") : "";
      current ??= "";
      if (quote !== "") kept = current.length;
    } else {
      current = (current ?? "") + character;
      if (quote === "" && breaks.includes(character)) kept = current.length;
    }
  }
  return { before, current: current ?? "", kept, quote };
}

/** Text as bash reads it inside of an open quote, or outside of any. */
export function bashWord(text: string, quote: TypedLine["quote"]): string {
  if (quote === "'") return text.replaceAll("'", "'\\''");
  if (quote === '"') return text.replace(/[\\"$`]/g, "\\$&");
  return text.replace(/[^\w.,:=@%+/\u0080-\u{10ffff}-]/gu, "\\$&");
}
