/**
 * The files in a rule for make that a compiler wrote (`-MD -MT out`): every file that it read. It escapes spaces and `#` with a backslash
 * and doubles `$`, as make requires (clang lib/Frontend/DependencyFile.cpp, PrintFilename).
 */
export function filesInRule(rule: string): string[] {
  const joined = rule.replace(/\\\r?\n/g, " ");
  const files = joined.slice(joined.search(/:\s/) + 1).match(/(?:\\[ #]|[^\s])+/g) ?? [];
  return files.map((file) => file.replace(/\\([ #])/g, "$1").replaceAll("$$", "$"));
}
