import type { Argument, Option } from "commander";
import type { CliCommand } from "../parser/cli-command.js";

/** What may stand at the cursor. */
export type Position =
  | { readonly type: "command"; readonly command: CliCommand }
  | { readonly type: "option"; readonly command: CliCommand }
  /** `prefix` is what stands before the value in the same word, as `--tree=`. */
  | { readonly type: "value"; readonly of: Option | Argument; readonly prefix: string }
  /** Words of another program. */
  | { readonly type: "other" };

/** Where the cursor is, and the values of the options before it, by name. */
export interface Place {
  readonly position: Position;
  readonly given: Readonly<Record<string, string>>;
}

/** Finds out what may stand at the cursor. @param words those after the program, without the one at the cursor. */
export function placeOf(program: CliCommand, words: readonly string[], current: string): Place {
  const walk = new Walk(program);
  for (const word of words) walk.take(word);
  return { position: walk.position(current), given: walk.given };
}

/** Reads words as the parser does, as far as they are typed. */
class Walk {
  readonly given: Record<string, string> = {};
  #command: CliCommand;
  #pending: Option | undefined;
  #operands = 0;
  #areOthers = false;

  constructor(program: CliCommand) {
    this.#command = program;
  }

  take(word: string): void {
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending !== undefined) this.given[pending.attributeName()] = word;
    else if (this.#areOthers) return;
    else if (word === "--") this.#areOthers = true;
    else if (word.startsWith("-")) this.#takeOption(word);
    else this.#takeOperand(word);
  }

  position(current: string): Position {
    if (this.#pending !== undefined) return { type: "value", of: this.#pending, prefix: "" };
    if (this.#areOthers) return { type: "other" };
    const command = this.#command;
    if (current.startsWith("-")) {
      const [name = ""] = current.split("=", 1);
      const option = name === current ? undefined : this.#option(name);
      return option ? { type: "value", of: option, prefix: `${name}=` } : { type: "option", command };
    }
    if (command.commands.length > 0) return { type: "command", command };
    const all = command.registeredArguments;
    const argument = all[this.#operands] ?? (all.at(-1)?.variadic ? all.at(-1) : undefined);
    return argument === undefined ? { type: "option", command } : { type: "value", of: argument, prefix: "" };
  }

  #takeOption(word: string): void {
    const [name = "", value] = word.split(/=(.*)/s);
    const option = this.#option(name);
    if (option?.required && value === undefined) this.#pending = option;
    else if (option !== undefined && value !== undefined) this.given[option.attributeName()] = value;
  }

  #takeOperand(word: string): void {
    const subcommand = this.#command.commands.find((command) => command.name() === word);
    // What follows `help` names a command, as what follows `kheaders` does.
    if (subcommand?.name() === "help") return;
    if (subcommand !== undefined) {
      this.#command = subcommand as CliCommand;
      return;
    }
    this.#operands++;
    this.#areOthers ||= this.#command.passesOptionsOn;
  }

  #option(name: string): Option | undefined {
    return this.#command.options.find(({ long, short }) => name === long || name === short);
  }
}
