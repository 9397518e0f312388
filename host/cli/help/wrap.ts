/** Breaks text between words into lines of `width` columns. A word that is longer has a line of its own. */
export function wrapWords(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter((part) => part !== "")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** The term of a list, and its text beside it from `column` on; below it where little room is left beside it. */
export function wrapItem(term: string, text: string, column: number, width: number): string[] {
  const isNarrow = width - column < 24;
  const indent = " ".repeat(isNarrow ? 6 : column);
  const lines = wrapWords(text, width - indent.length);
  if (isNarrow || term.length >= column) return [term.trimEnd(), ...lines.map((line) => indent + line)];
  const [first = "", ...rest] = lines;
  return [`${term.padEnd(column)}${first}`.trimEnd(), ...rest.map((line) => indent + line)];
}

/**
 * Breaks paragraphs into lines of `width` columns. An empty line separates paragraphs. A line that is indented is the item of
 * a list: what follows two spaces in it is the item's text.
 */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = [];
  let paragraph = "";
  const endParagraph = () => {
    lines.push(...wrapWords(paragraph, width));
    paragraph = "";
  };
  for (const line of text.split("\n")) {
    const item = /^( +\S.*? {2,})(\S.*)$/.exec(line);
    if (line !== "" && !line.startsWith(" ")) {
      paragraph += ` ${line}`;
      continue;
    }
    endParagraph();
    const [, term, itemText] = item ?? [];
    if (term !== undefined && itemText !== undefined) {
      lines.push(...wrapItem(term.trimEnd(), itemText, term.length, width));
    } else {
      lines.push(line);
    }
  }
  endParagraph();
  return lines;
}

/**
 * Breaks examples into lines of `width` columns that a shell reads as the same commands. A comment follows ` # `; the comments
 * stand beside their commands, or each above its own if one does not fit there.
 */
export function wrapExamples(examples: readonly string[], width: number): string[] {
  const parted = examples.map((example) => example.split(/ +# /));
  const commented = parted.filter(([, comment]) => comment !== undefined);
  const column = Math.max(...commented.map(([command = ""]) => command.length), 0) + 1;
  const fitsBeside = commented.every(([, comment = ""]) => 2 + column + 2 + comment.length <= width);
  return parted.flatMap(([command = "", comment]) => {
    if (comment === undefined) return wrapCommand(command, width);
    if (fitsBeside) return [`$ ${command.padEnd(column)}# ${comment}`];
    return [...wrapWords(comment, width - 2).map((line) => `# ${line}`), ...wrapCommand(command, width)];
  });
}

/** A word of the shell, with what is quoted or substituted in it. */
const shellWords = /(?:'[^']*'|"(?:\$\([^)]*\)|[^"])*"|\$\([^)]*\)|[^\s'"])+/g;

/** Breaks a command after its pipes, and what is still too long before words. */
function wrapCommand(command: string, width: number): string[] {
  const prompt = "$ ";
  const indent = "    ";
  if (prompt.length + command.length <= width) return [prompt + command];
  const lines: string[] = [];
  let line = prompt;
  for (const word of command.match(shellWords) ?? []) {
    const backslash = word === "|" ? 0 : " \\".length;
    if (line.trim() !== "" && line !== prompt && line.length + 1 + word.length + backslash > width) {
      lines.push(`${line} \\`);
      line = indent;
    }
    line += line === prompt || line === indent ? word : ` ${word}`;
    if (word === "|") {
      lines.push(line);
      line = indent;
    }
  }
  return [...lines, line];
}
