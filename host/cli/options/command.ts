import type { Argument, Option } from "commander";
import { type CliCommand, withHelpHint } from "../parser/cli-command.js";
import { flagsOf } from "../parser/flags.js";
import { type Context, type Output, runCommand } from "../run.js";
import { flagsOfFile } from "./config-file.js";
import { addGlobalOptions, type GlobalFlags } from "./global.js";

/** Adds a command to its parent. */
export type AddCommand = (parent: CliCommand) => void;

/** A command: all that its page of help says, and what it does. */
export interface CommandDescription<Flags extends GlobalFlags, Values extends readonly unknown[]> {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Their values are the last parameters of `run`. */
  readonly arguments?: readonly Argument[];
  readonly options?: readonly Option[];
  /** What the options do not say: paragraphs. An indented line is the item of a list. */
  readonly details?: string;
  /** Command lines, each in one line. What follows ` # ` is a comment. */
  readonly examples: readonly string[];
  /** Whether all that follows the first argument belongs to another program, options included. */
  readonly passesOptionsOn?: boolean;
  /** Whether `--timeout` is left to the command itself, because it counts for each device. */
  readonly isUntimed?: (flags: Flags) => boolean;
  /** Whether it runs until a signal ends it. */
  readonly isEndless?: boolean;
  /** Does the work. What it loads only now does not slow down the other commands. */
  run(context: Context<Flags>, ...values: Values): Promise<Output | undefined>;
}

/** Several commands under one name, as `kheaders cache ls`. */
export interface CommandGroup {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  readonly examples: readonly string[];
  readonly commands: readonly AddCommand[];
}

/** Declares a command. */
export function command<Flags extends GlobalFlags = GlobalFlags, Values extends readonly unknown[] = []>(
  description: CommandDescription<Flags, Values>,
): AddCommand {
  return (parent) => {
    const added = addNamed(parent, description);
    if (description.passesOptionsOn) added.passThroughOptions();
    for (const argument of description.arguments ?? []) added.addArgument(argument);
    for (const option of description.options ?? []) added.addOption(option);
    addGlobalOptions(added);
    added.action(async () => {
      const flags = { ...flagsOf<Flags>(added), ...(await flagsOfFile(added, process.env)) };
      // The parser gives values in the order of the arguments, undefined for those that are left out.
      const values = added.processedArgs as unknown as Values;
      const run = async (context: Context<Flags>) => {
        try {
          return await description.run(context, ...values);
        } catch (error) {
          throw withHelpHint(error, added);
        }
      };
      await runCommand(flags, run, {
        isUntimed: description.isUntimed?.(flags) ?? false,
        isEndless: description.isEndless ?? false,
      });
    });
  };
}

/** Declares several commands under one name. */
export function commandGroup(group: CommandGroup): AddCommand {
  return (parent) => {
    const added = addNamed(parent, group);
    addGlobalOptions(added);
    for (const add of group.commands) add(added);
  };
}

function addNamed(
  parent: CliCommand,
  {
    name,
    summary,
    details,
    examples,
  }: Pick<CommandDescription<never, never>, "name" | "summary" | "details" | "examples">,
): CliCommand {
  const added = parent.command(name).summary(summary);
  added.description(`${summary}.`.replace(/^./, (first) => first.toUpperCase()));
  added.texts = { details, examples };
  return added;
}
