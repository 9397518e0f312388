import { KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";

/** Quotes a word for a POSIX shell; a word that needs no quotes stays as it is. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * Quotes a word for the value of a variable of make that a recipe's shell reads. Backslashes before a `#` count twice
 * there (GNU make manual, "What Makefiles Contain").
 *
 * @throws KheadersError `usage` for a line break, which ends the variable.
 */
export function makeWord(word: string): string {
  assertOneLine(word, "a variable of make");
  return shellWord(word)
    .replaceAll("$", "$$$$")
    .replace(/(\\*)#/g, "$1$1\\#");
}

/**
 * Quotes a word for an element of a CMake list: a quoted argument whose semicolons do not divide (cmake-language(7)). CMake
 * has no lists whose elements end with a backslash, and takes what is between `[` and `]` for one element.
 *
 * @throws KheadersError `usage` for a word that no list can hold.
 */
export function cmakeWord(word: string): string {
  if (word.endsWith("\\") || !hasPairedBrackets(word))
    throw new KheadersError(
      "usage",
      `a list of CMake cannot hold a single "[" or "]", or a backslash at the end: ${printable(word, 4096)}`,
      { hint: "Use a folder without them in its name, or the flags as words for a shell." },
    );
  return `"${word.replace(/[\\"$;]/g, "\\$&")}"`;
}

/**
 * A word as a line of clangd's compile_flags.txt, which has no quotes.
 *
 * @throws KheadersError `usage` for a line break.
 */
export function compileFlagsLine(word: string): string {
  assertOneLine(word, "compile_flags.txt");
  return word;
}

function hasPairedBrackets(word: string): boolean {
  let open = 0;
  for (const char of word) {
    if (char === "[") open += 1;
    else if (char === "]") open -= 1;
    if (open < 0) return false;
  }
  return open === 0;
}

function assertOneLine(word: string, what: string): void {
  if (!/[\r\n]/.test(word)) return;
  throw new KheadersError("usage", `${what} cannot hold a line break: ${printable(word, 4096)}`, {
    hint: "Use a folder without one in its name, or the flags as words for a shell.",
  });
}
