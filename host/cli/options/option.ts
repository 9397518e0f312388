import { Argument, Option } from "commander";

/** An argument, as in `<program>`, `[tree]` or `[flags...]`. */
export function argument(name: string, description: string): Argument {
  return new Argument(name, description);
}

/** What an option takes. */
export interface OptionSettings<T> {
  /** Makes a value of the text. @throws KheadersError `usage`, which names the option. */
  readonly parse?: (text: string, option: string, before: T | undefined) => T;
  readonly default?: T;
  readonly choices?: readonly string[];
  /** Names of options that cannot be given as well. */
  readonly conflicts?: string[];
  readonly isHidden?: boolean;
}

/** An option, as in `-o, --output <file>`. */
export function option<T = string>(
  flags: string,
  description: string,
  settings: OptionSettings<T> = {},
): Option {
  const made = new Option(flags, description);
  const { parse, choices, conflicts } = settings;
  if (parse) {
    const name = made.long ?? made.short ?? flags;
    made.argParser((text, before: T | undefined) => parse(text, name, before));
  }
  if (choices) made.choices(choices);
  if (settings.default !== undefined) made.default(settings.default);
  if (conflicts) made.conflicts(conflicts);
  if (settings.isHidden) made.hideHelp();
  return made;
}
