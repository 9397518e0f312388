import type { Argument, Command, Option } from "commander";
import { type Context, type Output, runCommand } from "../run.js";
import type { GlobalFlags } from "./global.js";

/** A command: all that its page of help says, and what it does. */
export interface CommandDescription<Flags extends GlobalFlags, Values extends readonly unknown[]> {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Their values are the last parameters of `run`. */
  readonly arguments?: readonly Argument[];
  readonly options?: readonly Option[];
  /** What the options do not say, in lines of 80 columns. */
  readonly details?: string;
  /** Command lines. */
  readonly examples: readonly string[];
  /** Whether `--timeout` is left to the command itself, because it counts for each device. */
  readonly isUntimed?: (flags: Flags) => boolean;
  /** Does the work. What it loads only now does not slow down the other commands. */
  run(context: Context<Flags>, ...values: Values): Promise<Output | undefined>;
}

/** Declares a command. @returns a function that adds it to a program. */
export function command<Flags extends GlobalFlags = GlobalFlags, Values extends readonly unknown[] = []>(
  description: CommandDescription<Flags, Values>,
): (parent: Command) => void {
  return (parent) => {
    const added = parent.command(description.name).summary(description.summary);
    added.description(`${description.summary}.`.replace(/^./, (first) => first.toUpperCase()));
    for (const argument of description.arguments ?? []) added.addArgument(argument);
    for (const option of description.options ?? []) added.addOption(option);
    added.addHelpText("after", helpText(description.details, description.examples));
    added.action(async function (this: Command) {
      const flags = this.optsWithGlobals<Flags>();
      // The parser gives values in the order of the arguments, undefined for those that are left out.
      const values = this.processedArgs as unknown as Values;
      await runCommand(flags, (context) => description.run(context, ...values), {
        isUntimed: description.isUntimed?.(flags) ?? false,
      });
    });
  };
}

/** What follows the options on a page of help. */
export function helpText(details: string | undefined, examples: readonly string[]): string {
  const heading = examples.length === 1 ? "Example:" : "Examples:";
  const lines = examples.map((example) => `  $ ${example}`);
  return `${details === undefined ? "" : `\n${details}\n`}\n${[heading, ...lines].join("\n")}`;
}
