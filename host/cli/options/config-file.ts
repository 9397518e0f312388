import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Command, Option } from "commander";
import { errnoOf, KheadersError, reasonOf } from "../../../shared/errors.js";
import { printable } from "../../../shared/printable.js";

/** The options that may stand in the file: what a lab sets once. The variable that comes before it, if there is one. */
const settings: ReadonlyMap<string, string | undefined> = new Map([
  ["cache-dir", "KHEADERS_CACHE_DIR"],
  ["store", "KHEADERS_STORE"],
  ["store-insecure", undefined],
  ["store-write", undefined],
  ["su", undefined],
  ["stall", undefined],
  ["timeout", undefined],
]);

/** Bytes of the file. */
const maxBytes = 64 * 1024;

/** What the file has, by option name without its dashes. */
export type Settings = ReadonlyMap<string, unknown>;

/** The configuration file: `kheaders.json` in the platform's folder for configurations. Undefined if this user has no home. */
export async function configFile(): Promise<string | undefined> {
  try {
    const { default: envPaths } = await import("env-paths");
    const file = path.join(envPaths("kheaders", { suffix: "" }).config, "kheaders.json");
    return path.isAbsolute(file) ? file : undefined;
  } catch {
    // env-paths throws if the user has no home folder; then there is no file either.
    return undefined;
  }
}

/** The flags that the configuration file gives to a command; see {@link flagsFrom}. @throws KheadersError `usage`. */
export async function flagsOfFile(
  command: Command,
  environment: NodeJS.ProcessEnv,
): Promise<Record<string, unknown>> {
  const file = await configFile();
  return file === undefined ? {} : flagsFrom(readSettings(file), command, { file, environment });
}

/** Reads the file; empty if there is none. @throws KheadersError `usage` if it is not such a file. */
export function readSettings(file: string): Settings {
  const text = textOf(file);
  if (text === undefined) return new Map();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid(file, reasonOf(error));
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw invalid(file, "it is not a JSON object");
  const unknown = Object.keys(value).find((name) => !settings.has(name));
  if (unknown !== undefined)
    throw invalid(
      file,
      `unknown option "${printable(unknown)}" (expected ${[...settings.keys()].join(", ")})`,
    );
  return new Map(Object.entries(value));
}

/**
 * The flags that the settings give to a command, for options that it has and that were neither given to it nor to those that it
 * belongs to, nor by a variable. A value is parsed as on the command line.
 *
 * @throws KheadersError `usage` for an invalid value.
 */
export function flagsFrom(
  found: Settings,
  command: Command,
  { file, environment }: { readonly file: string; readonly environment: NodeJS.ProcessEnv },
): Record<string, unknown> {
  const flags: Record<string, unknown> = {};
  for (const [name, value] of found) {
    const option = command.options.find(({ long }) => long === `--${name}` || long === `--no-${name}`);
    const variable = settings.get(name);
    const isSet = variable !== undefined && environment[variable] !== undefined;
    if (option === undefined || isSet || isGiven(command, option.attributeName())) continue;
    flags[option.attributeName()] = parsed(option, value, `${printable(file, 400)}: ${name}`);
  }
  return flags;
}

function isGiven(command: Command, attribute: string): boolean {
  const source = command.getOptionValueSource(attribute);
  if (source !== undefined && source !== "default") return true;
  return command.parent !== null && isGiven(command.parent, attribute);
}

function parsed(option: Option, value: unknown, name: string): unknown {
  const isSwitch = option.isBoolean() || option.negate;
  if (isSwitch && typeof value === "boolean") return value;
  if (isSwitch || !(typeof value === "string" || typeof value === "number"))
    throw new KheadersError(
      "usage",
      `${name}: expected ${isSwitch ? "true or false" : "a text or a number"}`,
    );
  return option.parseArg?.(String(value), undefined) ?? String(value);
}

function textOf(file: string): string | undefined {
  try {
    const descriptor = openSync(file, "r");
    try {
      const stat = fstatSync(descriptor);
      if (!stat.isFile() || stat.size > maxBytes)
        throw invalid(file, `it is not a file of at most ${maxBytes} bytes`);
      return readFileSync(descriptor, "utf8");
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return undefined;
    if (error instanceof KheadersError) throw error;
    throw invalid(file, reasonOf(error));
  }
}

function invalid(file: string, reason: string): KheadersError {
  return new KheadersError("usage", `${printable(file, 400)} cannot be used: ${reason}`, {
    hint: "See: docs/lab.md, or remove the file.",
  });
}
