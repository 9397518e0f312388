/** Quotes a word for a POSIX shell; a word that needs no quotes stays as it is. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * Quotes a word for the value of a variable of make that a recipe's shell reads. Backslashes before a `#` count twice
 * there (GNU make manual, "What Makefiles Contain").
 */
export function makeWord(word: string): string {
  return shellWord(word)
    .replaceAll("$", "$$$$")
    .replace(/(\\*)#/g, "$1$1\\#");
}

/**
 * Quotes a word for an element of a CMake list: a quoted argument whose semicolons do not divide (cmake-language(7)). CMake
 * has no lists whose elements end with a backslash.
 */
export function cmakeWord(word: string): string {
  return `"${word.replace(/[\\"$;]/g, "\\$&")}"`;
}
