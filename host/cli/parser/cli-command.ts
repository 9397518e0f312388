import { Command, type ErrorOptions, type HelpContext, type ParseOptionsResult } from "commander";
import { KheadersError } from "../../../shared/errors.js";
import { printable } from "../../../shared/printable.js";
import { type HelpTexts, helpPage, pageWidth } from "../help/page.js";
import { pathOf } from "../help/suggest.js";
import { styled } from "../report/terminal.js";
import { withoutSwallowing } from "./optional-values.js";

/** A word that stands where a command is expected, and is none. */
export class UnknownCommandError extends KheadersError {
  readonly parent: Command;
  readonly word: string;
  /** Names of commands that are spelled much the same. */
  readonly alike: readonly string[];

  constructor(parent: Command, word: string, alike: readonly string[], hint = seeHelp(parent)) {
    super("usage", `unknown command '${printable(word)}'`, { hint });
    this.parent = parent;
    this.word = word;
    this.alike = alike;
  }
}

/**
 * A command as the parser knows it. Its errors are KheadersErrors that point at its own page of help, and options stand before
 * or after a command, but belong to the command that they follow.
 */
export class CliCommand extends Command {
  texts: HelpTexts = { examples: [] };
  /** Whether what follows its first argument belongs to another program, options included. */
  passesOptionsOn = false;

  constructor(name?: string) {
    super(name);
    this.enablePositionalOptions().exitOverride();
    this.helpOption("-h, --help", "show this help").helpCommand(false);
  }

  override passThroughOptions(passThrough = true): this {
    this.passesOptionsOn = passThrough;
    return super.passThroughOptions(passThrough);
  }

  override createCommand(name?: string): CliCommand {
    return new CliCommand(name);
  }

  override helpInformation(context?: HelpContext): string {
    const stream = context?.error ? process.stderr : process.stdout;
    return helpPage(this, this.texts, pageWidth(stream), (heading) => styled("bold", heading, stream));
  }

  override parseOptions(args: string[]): ParseOptionsResult {
    try {
      const stopsAtOperand = this.passesOptionsOn || this.commands.length > 0;
      return super.parseOptions(withoutSwallowing(args, this.options, stopsAtOperand));
    } catch (error) {
      throw withHelpHint(error, this);
    }
  }

  override help(context?: HelpContext | ((text: string) => string)): never {
    // The parser calls this where a command is missing. Somebody who typed nothing at all wants to see what there is.
    const words = process.argv.slice(2);
    if (typeof context === "object" && context.error && words.length > 0 && this.parent === null) {
      const hint = words.every((word) => /^-v+$/.test(word))
        ? "For the version: kheaders --version"
        : undefined;
      throw new KheadersError("usage", "a command is expected", { hint: hint ?? seeHelp(this) });
    }
    return super.help(context as HelpContext);
  }

  override error(text: string, { code }: ErrorOptions = {}): never {
    const [message = "", suggestion = ""] = text.replace(/^error: /, "").split("\n");
    const alike = /^\(Did you mean (?:one of )?(.+)\?\)$/.exec(suggestion)?.[1]?.split(", ") ?? [];
    const [word = ""] = this.args;
    switch (code) {
      case "commander.unknownCommand":
        throw new UnknownCommandError(this, word, alike);
      case "commander.excessArguments":
        throw usage(`unexpected argument '${this.args[this.registeredArguments.length]}'`, [seeHelp(this)]);
      case "commander.unknownOption":
        throw usage(message, [
          ...alike.map((name) => `Did you mean ${name}?`),
          ...wordsAfterDashes(this),
          seeHelp(this),
        ]);
      default:
        throw usage(message, [seeHelp(this)]);
    }
  }
}

/** Adds to a usage error without a hint which page of help to read. @returns that error, or another one as it is. */
export function withHelpHint(error: unknown, command: Command): unknown {
  if (!(error instanceof KheadersError) || error.code !== "usage" || error.hint !== undefined) return error;
  return new KheadersError("usage", error.message, { hint: seeHelp(command), cause: error.cause });
}

function seeHelp(command: Command): string {
  return `See: ${pathOf(command)} --help`;
}

function usage(message: string, hints: readonly string[]): KheadersError {
  return new KheadersError("usage", printable(message, 500), { hint: hints.join(" ") });
}

/** Says that options of another program go after `--`, if the command takes any. */
function wordsAfterDashes(command: Command): string[] {
  const described = command.registeredArguments.map(({ description }) => description);
  const words = described.map((text) => /([^;,]+), after --$/.exec(text)?.[1]?.trim());
  return words.flatMap((what) =>
    what === undefined ? [] : [`${what.replace(/^./, (first) => first.toUpperCase())} go after --.`],
  );
}
