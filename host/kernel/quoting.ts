/** Quotes a word for a POSIX shell; a word that needs no quotes stays as it is. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Escapes a word for a recipe or variable of make that a shell reads afterwards. */
export function makeWord(word: string): string {
  return shellWord(word).replaceAll("$", "$$$$").replaceAll("#", "\\#");
}

/** Quotes a word for CMake: a quoted argument (cmake-language(7)). */
export function cmakeWord(word: string): string {
  return `"${word.replace(/[\\"$;]/g, "\\$&")}"`;
}
