import type { Argument, Command, Help, Option } from "commander";
import { wrapExamples, wrapItem, wrapText } from "./wrap.js";

/** What a page of help says beside what the parser knows. */
export interface HelpTexts {
  /** What the options do not say: paragraphs. */
  readonly details?: string | undefined;
  /** Command lines. */
  readonly examples: readonly string[];
}

/** Longer lines are hard to read. */
const maxColumns = 100;
const minColumns = 40;
const columnsWithoutTerminal = 80;
/** A longer term has its text below it. */
const maxTerm = 24;

/** How wide a page of help is on a stream. */
export function pageWidth(stream: { readonly columns?: number | undefined }): number {
  const columns = stream.columns || columnsWithoutTerminal;
  return Math.min(Math.max(columns, minColumns), maxColumns);
}

/** A command's page of help, in lines of `width` columns. */
export function helpPage(
  command: Command,
  { details, examples }: HelpTexts,
  width: number,
  emphasize: (heading: string) => string = (heading) => heading,
): string {
  const help = command.createHelp();
  const text = (heading: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : [emphasize(heading), ...lines];
  const sections: (readonly string[])[] = [
    wrapItem("Usage:", help.commandUsage(command), "Usage: ".length, width),
    wrapText(command.description(), width),
    ...lists(command, help).map(({ heading, items, column }) =>
      text(
        heading,
        items.flatMap(({ term, text: about }) => wrapItem(`  ${term} `, about, column, width)),
      ),
    ),
    wrapText(details ?? "", width),
    text(
      examples.length === 1 ? "Example:" : "Examples:",
      wrapExamples(examples, width - 2).map((line) => `  ${line}`),
    ),
  ];
  const shown = sections.filter((lines) => lines.length > 0).map((lines) => lines.join("\n"));
  return `${shown.join("\n\n")}\n`;
}

interface Item {
  readonly term: string;
  readonly text: string;
}

interface List {
  readonly heading: string;
  readonly items: readonly Item[];
  /** Where the texts begin; the same for all lists of one kind. */
  readonly column: number;
}

/** The lists of a page: commands first, because they are what a reader looks for. */
function lists(command: Command, help: Help): List[] {
  const commandItem = (one: Command): Item => ({ term: one.name(), text: one.summary() });
  const argumentItem = (one: Argument): Item => ({
    term: help.argumentTerm(one),
    text: help.argumentDescription(one),
  });
  const optionItem = (one: Option): Item => ({ term: optionTerm(one), text: help.optionDescription(one) });
  return [
    ...grouped(help.visibleCommands(command), (one) => one.helpGroup() || "Commands:", commandItem),
    ...grouped(help.visibleArguments(command), () => "Arguments:", argumentItem),
    ...grouped(help.visibleOptions(command), (one) => one.helpGroupHeading ?? "Options:", optionItem).sort(
      (one, other) => Number(one.heading !== "Options:") - Number(other.heading !== "Options:"),
    ),
  ];
}

/** An option as it is typed: a value that may be left out follows an equals sign. */
export function optionTerm({ flags, optional }: Option): string {
  return optional ? flags.replace(" [", "[=") : flags;
}

function grouped<T>(all: readonly T[], headingOf: (one: T) => string, itemOf: (one: T) => Item): List[] {
  const terms = all.map((one) => itemOf(one).term.length);
  const column = 2 + Math.max(...terms.filter((length) => length <= maxTerm), 0) + 2;
  return [...new Set(all.map(headingOf))].map((heading) => ({
    heading,
    items: all.filter((one) => headingOf(one) === heading).map(itemOf),
    column,
  }));
}
