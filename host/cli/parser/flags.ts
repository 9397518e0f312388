import type { Command } from "commander";

/**
 * The options that were given to a command, and before it to those that it belongs to. Where one is given twice the last counts;
 * those that may be given several times are collected.
 */
export function flagsOf<Flags extends object>(command: Command): Flags {
  const flags: Record<string, unknown> = command.parent ? flagsOf(command.parent) : {};
  for (const [name, value] of Object.entries(command.opts())) {
    const before = flags[name];
    const isGiven = command.getOptionValueSource(name) !== "default";
    if (isGiven && Array.isArray(before) && Array.isArray(value)) flags[name] = [...before, ...value];
    else if (isGiven || before === undefined) flags[name] = value;
  }
  return flags as Flags;
}
