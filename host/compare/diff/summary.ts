import { foldersOf } from "./headers.js";
import {
  type ChangeCounts,
  type ConfigDiff,
  changeOf,
  countChanges,
  type FolderChanges,
  type HeadersDiff,
  type KernelDiff,
  type OptionChange,
  type Part,
  type SymbolChange,
  type SymbolsDiff,
  type TypeChange,
  type TypesDiff,
} from "./kernel-diff.js";

/** What differs between two kernels, counted, with a few examples. It can be written as JSON. */
export interface DiffSummary {
  readonly config: Part<ConfigSummary>;
  readonly headers: Part<HeadersSummary>;
  readonly types: Part<TypesSummary>;
  readonly symbols: Part<SymbolsSummary>;
}

export interface ConfigSummary extends ChangeCounts, Pick<ConfigDiff, "from"> {
  readonly options: readonly OptionChange[];
}

export interface HeadersSummary extends ChangeCounts, Pick<HeadersDiff, "same"> {
  /** Those with the most files that differ. */
  readonly folders: readonly FolderChanges[];
}

export interface TypesSummary extends ChangeCounts, Pick<TypesDiff, "from" | "same"> {
  /** Of those that changed, how many take more room, and how many less. */
  readonly grown: number;
  readonly shrunk: number;
  /** Those that many read come first. */
  readonly types: readonly Pick<TypeChange, "kind" | "name" | "change" | "oldSize" | "newSize">[];
}

export interface SymbolsSummary extends ChangeCounts, Pick<SymbolsDiff, "isComplete" | "same"> {
  readonly symbols: readonly SymbolChange[];
}

/** Of each part, so that all fit a screen. */
const maxExamples = 3;

/** Types that tracers read most. */
const known: readonly string[] = [
  "task_struct",
  "sk_buff",
  "sock",
  "file",
  "inode",
  "mm_struct",
  "cred",
  "net_device",
];

/** Counts what differs. All parts must have been asked for. */
export function summaryOf({ config, headers, types, symbols }: KernelDiff): DiffSummary {
  return {
    config: summed(config, ({ from, options }) => ({
      from,
      ...countChanges(options.map((option) => changeOf(option.old, option.new))),
      options: examplesOf(options),
    })),
    headers: summed(headers, ({ files, same }) => ({
      ...countChanges(files.map(({ change }) => change)),
      same,
      folders: foldersOf(files)
        .sort((one, other) => total(other) - total(one))
        .slice(0, maxExamples),
    })),
    types: summed(types, typesSummary),
    symbols: summed(symbols, symbolsSummary),
  };
}

/** The first ones; those that only one kernel has come last. */
function examplesOf<T extends { readonly old: unknown; readonly new: unknown }>(changes: readonly T[]): T[] {
  const isInBoth = ({ old, new: now }: T) => old !== undefined && now !== undefined;
  const ofOne = changes.filter((change) => !isInBoth(change));
  return [...changes.filter(isInBoth), ...ofOne].slice(0, maxExamples);
}

function typesSummary({ from, same, types }: TypesDiff): TypesSummary {
  const sizes = types
    .filter(({ change }) => change === "changed")
    .map(({ oldSize = 0, newSize = 0 }) => newSize - oldSize);
  return {
    from,
    ...countChanges(types.map(({ change }) => change)),
    same,
    grown: sizes.filter((size) => size > 0).length,
    shrunk: sizes.filter((size) => size < 0).length,
    types: [
      ...types.filter(isKnown).sort((one, other) => rankOf(one) - rankOf(other)),
      ...types.filter(isOther),
    ]
      .slice(0, maxExamples)
      .map(({ kind, name, change, oldSize, newSize }) => ({ kind, name, change, oldSize, newSize })),
  };
}

/** Those that both kernels have come first. */
function symbolsSummary(diff: SymbolsDiff): SymbolsSummary {
  const { isComplete, same, counts } = diff;
  const isEnough = counts.changed >= maxExamples;
  const symbols = isEnough ? diff.changed(maxExamples) : examplesOf(diff.symbols);
  return { isComplete, ...counts, same, symbols };
}

const rankOf = ({ name }: TypeChange) => known.indexOf(name);
const isKnown = (type: TypeChange) => rankOf(type) >= 0;
const isOther = (type: TypeChange) => rankOf(type) < 0;

/** Whether nothing that is known of two kernels differs. */
export function isSame({ config, headers, types, symbols }: DiffSummary): boolean {
  return [config, headers, types, symbols].every(({ diff }) => diff === undefined || total(diff) === 0);
}

/** How many there are of all changes. */
export function total({ added, removed, changed }: ChangeCounts): number {
  return added + removed + changed;
}

function summed<T, S>(part: Part<T> | undefined, sum: (diff: T) => S): Part<S> {
  if (part?.diff === undefined) return { unknown: part?.unknown ?? "it was not asked for" };
  return { diff: sum(part.diff) };
}
