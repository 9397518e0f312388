import type { SummarizedDiff } from "../../../compare/diff/diff-kernels.js";
import {
  changeOf,
  countChanges,
  type EnumValue,
  type KernelDiff,
  type KernelSide,
  type MemberChange,
  type Part,
  type PartName,
  type ShapeMember,
  type TypeChange,
  type TypesDiff,
} from "../../../compare/diff/kernel-diff.js";
import { crcText } from "../../../symvers/symvers-file.js";
import { kernelObject } from "../result.js";

/** The keys of a part besides `unknown`. */
const counts = ["added", "removed", "changed"] as const;
const keysOf = {
  config: ["from", ...counts, "options"],
  headers: [...counts, "same", "files"],
  types: ["from", ...counts, "same", "grown", "shrunk", "types", "details"],
  symbols: ["isComplete", ...counts, "same", "symbols"],
} satisfies Record<PartName, readonly string[]>;

/** The JSON object of a summary: without what differs, only counted. */
export function summaryObject({ old, new: now, summary }: SummarizedDiff, equal: boolean): object {
  const { config, headers, types, symbols } = summary;
  return {
    ...heading(old, now, equal),
    config: partObject("config", config, ({ options: _, ...rest }) => rest),
    headers: partObject("headers", headers, ({ folders: _, ...rest }) => rest),
    types: partObject("types", types, ({ types: _, ...rest }) => rest),
    symbols: partObject("symbols", symbols, ({ symbols: _, ...rest }) => rest),
  };
}

/** The JSON object of the parts that were asked for. */
export function diffObject(
  diff: KernelDiff,
  equal: boolean,
  structs: readonly TypeChange[] | undefined,
): object {
  const { config, headers, types, symbols } = diff;
  return {
    ...heading(diff.old, diff.new, equal),
    config: partObject("config", config, ({ from, options }) => ({
      from,
      ...countChanges(options.map((option) => changeOf(option.old, option.new))),
      options: options.map(({ option, old = null, new: now = null }) => ({ option, old, new: now })),
    })),
    headers: partObject("headers", headers, ({ files, same }) => ({
      ...countChanges(files.map(({ change }) => change)),
      same,
      files,
    })),
    types: partObject("types", types, (found) => typesObject(found, structs)),
    symbols: partObject("symbols", symbols, ({ isComplete, counts: changes, same, symbols: found }) => ({
      isComplete,
      ...changes,
      same,
      symbols: found.map(({ name, old, new: now }) => ({
        name,
        old: versionText(old),
        new: versionText(now),
      })),
    })),
  };
}

function typesObject(diff: TypesDiff, structs: readonly TypeChange[] | undefined): object {
  const sizes = diff.types
    .filter(({ change }) => change === "changed")
    .map(({ oldSize = 0, newSize = 0 }) => newSize - oldSize);
  return {
    from: diff.from,
    ...countChanges(diff.types.map(({ change }) => change)),
    same: diff.same,
    grown: sizes.filter((size) => size > 0).length,
    shrunk: sizes.filter((size) => size < 0).length,
    types: diff.types.map(typeObject),
    details:
      structs?.map((type) => ({
        ...typeObject(type),
        members: diff.details(type).members.map(memberObject),
      })) ?? null,
  };
}

function heading(old: KernelSide, now: KernelSide, equal: boolean): object {
  return { old: sideObject(old), new: sideObject(now), equal };
}

function sideObject({ name, serial, digest, tree, kernel }: KernelSide): object {
  return { name, serial: serial ?? null, ...kernelObject(kernel), digest: digest ?? null, tree };
}

/** The object of a part: null if it was not asked for; `unknown` says why it could not be compared. */
function partObject<T>(
  name: PartName,
  part: Part<T> | undefined,
  objectOf: (diff: T) => object,
): object | null {
  if (part === undefined) return null;
  const nothing = Object.fromEntries(keysOf[name].map((key) => [key, null]));
  if (part.diff === undefined) return { unknown: part.unknown, ...nothing };
  return { unknown: null, ...nothing, ...objectOf(part.diff) };
}

function typeObject({ kind, name, isTypedef, change, oldSize, newSize }: TypeChange): object {
  return { kind, name, isTypedef, change, oldSize: oldSize ?? null, newSize: newSize ?? null };
}

function memberObject({ path, change, isMoved, isRetyped, isResized, old, new: now }: MemberChange): object {
  return { path, change, isMoved, isRetyped, isResized, old: placeObject(old), new: placeObject(now) };
}

function placeObject(item: ShapeMember | EnumValue | undefined): object | null {
  if (item === undefined) return null;
  if ("value" in item)
    return { value: String(item.value), type: null, bitOffset: null, bitSize: null, isBitField: null };
  const { type, bitOffset, bitSize, isBitField } = item;
  return { value: null, type, bitOffset, bitSize, isBitField };
}

function versionText(crc: number | undefined): string | null {
  return crc === undefined ? null : crcText(crc);
}
