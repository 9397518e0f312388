import { printable } from "../../../../shared/printable.js";
import type { SummarizedDiff } from "../../../compare/diff/diff-kernels.js";
import type { ChangeCounts, KernelSide, Part } from "../../../compare/diff/kernel-diff.js";
import { type DiffSummary, total } from "../../../compare/diff/summary.js";
import { crcText } from "../../../symvers/symvers-file.js";
import { counted } from "../units.js";

/** Columns of the names of the parts. */
const indent = 10;
/** Columns of a line. */
const width = 80;

/** What differs between two kernels, so that it fits a screen. */
export function summaryText({ old, new: now, summary }: SummarizedDiff): string[] {
  const { config, headers, types, symbols } = summary;
  return [
    line("old", sideText(old)),
    line("new", sideText(now)),
    "",
    ...part("config", config, configLines),
    ...part("headers", headers, headersLines),
    ...part("types", types, typesLines),
    ...part("symbols", symbols, symbolsLines),
  ];
}

/** A kernel in one line. */
export function sideText({ kernel, digest, tree }: KernelSide): string {
  const where = digest === undefined ? printable(tree, 400) : digest.slice(0, 12);
  return `${printable(kernel.release)}  ${where}`;
}

function part<T>(
  name: string,
  { diff, unknown }: Part<T>,
  lines: (diff: T) => [string, ...string[]],
): string[] {
  if (diff === undefined) return [line(name, `not compared: ${unknown}`)];
  const [head, ...rest] = lines(diff);
  return [line(name, head), ...rest.map((text) => line("", `  ${text}`))];
}

function line(name: string, text: string): string {
  return printable(`${name.padEnd(indent)}${text}`, width);
}

function configLines(config: NonNullable<DiffSummary["config"]["diff"]>): [string, ...string[]] {
  return [
    countsText(config, "option", undefined),
    ...config.options.map(({ option, old, new: now }) => `${option}  ${old ?? "-"} -> ${now ?? "-"}`),
  ];
}

function headersLines(headers: NonNullable<DiffSummary["headers"]["diff"]>): [string, ...string[]] {
  const { folders, same } = headers;
  return [
    countsText(headers, "file", same),
    ...folders.map((changes) => `${changes.folder || "."}: ${changesText(changes)}`),
  ];
}

function typesLines(types: NonNullable<DiffSummary["types"]["diff"]>): [string, ...string[]] {
  const { grown, shrunk, same, from } = types;
  return [
    countsText(types, "type", same),
    ...(from.old === "headers" ? ["as the headers have them"] : []),
    ...(grown + shrunk === 0 ? [] : [`${grown} grew, ${shrunk} shrank`]),
    ...types.types.map(
      ({ kind, name, change, oldSize, newSize }) => `${kind} ${name}  ${sizesText(change, oldSize, newSize)}`,
    ),
  ];
}

function symbolsLines(symbols: NonNullable<DiffSummary["symbols"]["diff"]>): [string, ...string[]] {
  const { same, isComplete } = symbols;
  const isPartial = isComplete.old !== isComplete.new;
  return [
    `${countsText(symbols, "symbol", same)}${isPartial ? "; only those that both list" : ""}`,
    ...symbols.symbols.map(
      ({ name, old, new: now }) =>
        `${name}  ${old === undefined ? "-" : crcText(old)} -> ${now === undefined ? "-" : crcText(now)}`,
    ),
  ];
}

/** The sizes of a type in both kernels. */
export function sizesText(change: string, old: number | undefined, now: number | undefined): string {
  if (change !== "changed") return `${change}, ${counted(now ?? old ?? 0, "byte")}`;
  return old === now ? `changed, ${counted(now ?? 0, "byte")}` : `${old} -> ${counted(now ?? 0, "byte")}`;
}

function countsText(counts: ChangeCounts, noun: string, same: number | undefined): string {
  const all = total(counts);
  if (all === 0) return same === undefined ? "no difference" : `no difference in ${counted(same, noun)}`;
  const of = same === undefined ? "" : ` of ${all + same}`;
  return `${all}${of} ${all === 1 && same === undefined ? `${noun} differs` : `${noun}s differ`}: ${changesText(counts)}`;
}

/** How many were added, removed and changed; what there is none of is left out. */
export function changesText({ added, removed, changed }: ChangeCounts): string {
  const counts = { added, removed, changed };
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([change, count]) => `${count} ${change}`)
    .join(", ");
}
