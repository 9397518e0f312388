import { InvalidArgumentError } from "commander";

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
export function parseBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([KMGT]I?)?B?$/i.exec(text);
  const unit = byteUnits[(match?.[2] ?? "").toUpperCase()];
  if (!match || unit === undefined) throw new InvalidArgumentError("A size is wanted, such as 5GB or 500M.");
  return Math.round(Number(match[1]) * unit);
}

/** Parses a duration such as `30d`, `12h` or `0` to milliseconds. */
export function parseDuration(text: string): number {
  if (text === "0") return 0;
  const match = /^(\d+(?:\.\d+)?)([smhdw])$/.exec(text);
  const unit = durationUnits[match?.[2] ?? ""];
  if (!match || unit === undefined)
    throw new InvalidArgumentError("A duration is wanted, such as 30d or 12h.");
  return Math.round(Number(match[1]) * unit);
}

/** Bytes as people read them, in decimal units as disks and adb count. */
export function formatBytes(bytes: number): string {
  if (bytes < 1e3) return `${bytes} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`;
  if (bytes < 1e9) return `${(bytes / 1e6).toFixed(1)} MB`;
  return `${(bytes / 1e9).toFixed(2)} GB`;
}

/** How long ago, in the largest unit that fits. */
export function formatAge(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}
