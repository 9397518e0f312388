import type { Command } from "commander";

/** What somebody means who types the word of another program. */
const otherWords: Readonly<Record<string, readonly string[]>> = {
  fetch: ["kheaders pull"],
  get: ["kheaders pull"],
  list: ["kheaders devices", "kheaders cache ls", "kheaders store ls"],
  ls: ["kheaders devices", "kheaders cache ls", "kheaders store ls"],
  run: ["kheaders exec"],
  version: ["kheaders --version"],
};

/**
 * What to do about a word that is no command of `parent`: a hint, or undefined if nothing is alike.
 *
 * @param alike names of commands that are spelled much the same.
 */
export function commandHint(
  program: Command,
  parent: Command,
  word: string,
  alike: readonly string[],
): string | undefined {
  const prefix = pathOf(parent);
  const meant = [
    ...alike.map((name) => `${prefix} ${name}`),
    ...(otherWords[word] ?? []),
    ...program.commands.flatMap(({ commands }) => commands.filter((one) => one.name() === word).map(pathOf)),
  ];
  if (meant.length === 0) return undefined;
  const oneOf = new Intl.ListFormat("en", { type: "disjunction" });
  return `Did you mean: ${oneOf.format(new Set(meant))}?`;
}

/** The words that name a command, as in `kheaders cache prune`. */
export function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}
