import { KheadersError } from "../../../shared/errors.js";
import { printable } from "../../../shared/printable.js";

const byteUnits: Readonly<Record<string, number>> = {
  "": 1,
  K: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  KI: 2 ** 10,
  MI: 2 ** 20,
  GI: 2 ** 30,
  TI: 2 ** 40,
};

const durationUnits: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

/** Parses a size such as `5GB`, `500M` or `2GiB` to bytes. */
export function parseBytes(text: string, option: string): number {
  const match = /^(\d{1,15}(?:\.\d+)?)([KMGT]I?)?B?$/i.exec(text);
  const unit = byteUnits[(match?.[2] ?? "").toUpperCase()];
  if (!match || unit === undefined) throw invalid(text, option, "a size such as 5GB or 500M");
  return Math.round(Number(match[1]) * unit);
}

/** Parses a duration such as `30d`, `12h` or `0` to milliseconds. */
export function parseDuration(text: string, option: string): number {
  if (text === "0") return 0;
  const match = /^(\d{1,9}(?:\.\d+)?)([smhdw])$/.exec(text);
  const unit = durationUnits[match?.[2] ?? ""];
  if (!match || unit === undefined) throw invalid(text, option, "a duration such as 30d or 12h");
  return Math.round(Number(match[1]) * unit);
}

/** Parses a positive number of seconds. */
export function parseSeconds(text: string, option: string): number {
  const value = /^\d{1,6}(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (value <= 0) throw invalid(text, option, "a positive number of seconds");
  return value;
}

/** Parses a positive whole number. */
export function parseCount(text: string, option: string): number {
  const value = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (value < 1) throw invalid(text, option, "a positive whole number");
  return value;
}

/** Collects the values of an option that may be given several times. */
export function collect(text: string, _option: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), text];
}

function invalid(text: string, option: string, expected: string): KheadersError {
  return new KheadersError("usage", `${option}: invalid value "${printable(text)}" (expected ${expected})`);
}
