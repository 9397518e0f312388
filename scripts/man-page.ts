import type { Argument, Command, Option } from "commander";
import type { HelpTexts } from "../host/cli/help/page.js";

/** A command as the command line defines it. */
export type DescribedCommand = Command & { readonly texts: HelpTexts };

/** A list that the help does not have, as a page of the docs has it. */
export interface ManTable {
  readonly heading: string;
  readonly rows: readonly { readonly term: string; readonly text: string }[];
}

/** An option that so many commands take is described once, for all of them. */
const manyCommands = 6;

/**
 * Makes the manual page of the command line out of the parser's definitions: man(7), for man and mandoc.
 *
 * @param tables come at the end.
 */
export function manPage(program: DescribedCommand, version: string, tables: readonly ManTable[]): string {
  const commands = runnableCommands(program);
  const common = commonOptions(commands);
  const lines = [
    `.TH KHEADERS 1 "" "kheaders ${roff(version)}" "User Commands"`,
    // No hyphens in names, no stretched lines.
    ".nh",
    ".ad l",
    ".SH NAME",
    `kheaders \\- ${roff(
      program
        .description()
        .replace(/^./, (first) => first.toLowerCase())
        .replace(/\.$/, ""),
    )}`,
    ".SH SYNOPSIS",
    ".B kheaders",
    ".RI [ options ]",
    ".I command",
    ".RI [ arguments ]",
    ".SH DESCRIPTION",
    ...paragraphs(program.texts.details ?? ""),
    ...examples(program.texts.examples),
    ".SH COMMANDS",
    ...commands.flatMap((command) => describeCommand(command, common)),
    ".SH OPTIONS",
    ...[...groupBy(common, (option) => option.helpGroupHeading ?? "Options of commands that use headers:")]
      .sort(([one], [other]) => one.localeCompare(other))
      .flatMap(([heading, options]) => [
        `.SS ${roff(heading.replace(/:$/, ""))}`,
        ...options.flatMap(describeOption),
      ]),
    ...tables.flatMap(({ heading, rows }) => [
      `.SH ${roff(heading.toUpperCase())}`,
      ...rows.flatMap(({ term, text }) => item(`.B ${roff(term)}`, text)),
    ]),
    ".SH SEE ALSO",
    ".BR adb (1),",
    ".BR clang (1)",
  ];
  return `${lines.filter((line, index) => line !== ".PP" || !/^\.S[HS] /.test(lines[index - 1] ?? "")).join("\n")}\n`;
}

/**
 * The rows of the first table under a heading of a page in Markdown, each as a term and a text. Of links, the text is kept.
 *
 * @throws Error if there is no such table.
 */
export function tableOf(markdown: string, heading: string): ManTable {
  const [, rest = ""] = markdown.split(`\n## ${heading}\n`);
  const [section = ""] = rest.split("\n## ");
  const cells = section
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .slice(2)
    .map((line) => line.split("|").slice(1, -1).map(plain));
  if (cells.length === 0) throw new Error(`there is no table under "${heading}"`);
  return { heading, rows: cells.map(([term = "", text = ""]) => ({ term, text })) };
}

function plain(cell: string): string {
  return cell
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replaceAll(/[`*]/g, "")
    .trim();
}

/** The commands that do something, with the subcommands of those that have some, in the order of the help. */
function runnableCommands(command: DescribedCommand): DescribedCommand[] {
  const subcommands = command.commands as unknown as readonly DescribedCommand[];
  return subcommands.flatMap((one) => (one.commands.length > 0 ? runnableCommands(one) : [one]));
}

function commonOptions(commands: readonly DescribedCommand[]): Option[] {
  const all = groupBy(commands.flatMap(ownOptions), keyOf);
  return [...all.values()].filter((same) => same.length >= manyCommands).flatMap(([first]) => first ?? []);
}

function ownOptions(command: DescribedCommand): Option[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .filter((option) => option.long !== "--help");
}

function keyOf({ flags, description }: Option): string {
  return `${flags}\n${description}`;
}

function describeCommand(command: DescribedCommand, common: readonly Option[]): string[] {
  const help = command.createHelp();
  const known = new Set(common.map(keyOf));
  return [
    `.SS ${roff(help.commandUsage(command).replace(" [options]", ""))}`,
    ...paragraphs(command.description()),
    ...help
      .visibleArguments(command)
      .flatMap((argument) => describeArgument(argument, help.argumentDescription(argument))),
    ...ownOptions(command)
      .filter((option) => !known.has(keyOf(option)))
      .flatMap(describeOption),
    ...paragraphs(command.texts.details ?? ""),
    ...examples(command.texts.examples),
  ];
}

function describeArgument(argument: Argument, text: string): string[] {
  return item(`.I ${roff(argument.name())}`, text);
}

function describeOption(option: Option): string[] {
  const { flags, description, defaultValue, argChoices } = option;
  const shown = option.optional ? flags.replace(" [", "[=") : flags;
  const notes = [
    ...(argChoices === undefined ? [] : [`one of ${argChoices.join(", ")}`]),
    ...(defaultValue === undefined || typeof defaultValue === "boolean" ? [] : [`default: ${defaultValue}`]),
  ];
  return item(`.B ${roff(shown)}`, notes.length === 0 ? description : `${description} (${notes.join("; ")})`);
}

function item(term: string, text: string): string[] {
  return [".TP", term, roff(text)];
}

/** Paragraphs as the help has them: an indented line is an item of a list, with its text after two spaces. */
function paragraphs(text: string): string[] {
  const lines: string[] = [];
  let isInside = false;
  for (const line of text.split("\n")) {
    const [, term, itemText] = /^ +(\S.*?) {2,}(\S.*)$/.exec(line) ?? [];
    if (term !== undefined && itemText !== undefined) lines.push(...item(`.B ${roff(term)}`, itemText));
    else if (line.trim() !== "") lines.push(...(isInside ? [] : [".PP"]), roff(line.trim()));
    isInside = line.trim() !== "" && term === undefined;
  }
  return lines;
}

function examples(lines: readonly string[]): string[] {
  return [".PP", ".EX", ...lines.map((line) => roff(`$ ${line}`)), ".EE"];
}

/** Text in which roff finds no request, no escape and no hyphen that it may break or replace. */
function roff(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("'", "\\(aq")
    .replaceAll("`", "\\(ga")
    .replace(/^\./, "\\&.");
}

function groupBy<T>(all: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one]);
  return groups;
}
