import { printable } from "../../../../shared/printable.js";
import { foldersOf } from "../../../compare/diff/headers.js";
import {
  type ConfigDiff,
  countChanges,
  type EnumValue,
  type HeadersDiff,
  type MemberChange,
  type ShapeMember,
  type SymbolsDiff,
  type TypeChange,
  type TypeDetails,
  type TypesDiff,
} from "../../../compare/diff/kernel-diff.js";
import { crcText } from "../../../symvers/symvers-file.js";
import { table } from "../table.js";
import { counted } from "../units.js";
import { changesText, sizesText } from "./summary-text.js";

/** The options that differ, with both values. */
export function configText({ options }: ConfigDiff): string[] {
  if (options.length === 0) return [];
  const rows = options.map(({ option, old, new: now }) => [option, old ?? "-", now ?? "-"]);
  return table(["OPTION", { heading: "OLD", min: 12 }, { heading: "NEW", min: 12 }], rows, process.stdout);
}

/** The files that differ, by folder. */
export function headersText({ files }: HeadersDiff): string[] {
  return foldersOf(files).flatMap(({ folder, ...counts }) => [
    `${printable(folder || ".", 4096)}: ${changesText(counts)}`,
    ...files
      .filter(({ path }) => path.slice(0, Math.max(0, path.lastIndexOf("/"))) === folder)
      .map(
        ({ path, change }) =>
          `  ${change.padEnd(7)}  ${printable(path.slice(path.lastIndexOf("/") + 1), 4096)}`,
      ),
  ]);
}

/** The types that differ, a line each. */
export function typesText(diff: TypesDiff): string[] {
  return diff.types.map((type) => {
    const { kind, name, change, oldSize, newSize } = type;
    const members = change === "changed" ? `; ${memberCounts(diff.details(type).members)}` : "";
    return `${change.padEnd(7)}  ${kind} ${printable(name, 512)}: ${sizesText(change, oldSize, newSize)}${members}`;
  });
}

/** The symbols whose versions differ. */
export function symbolsText({ symbols }: SymbolsDiff): string[] {
  if (symbols.length === 0) return [];
  const crc = (version: number | undefined) => (version === undefined ? "-" : crcText(version));
  const rows = symbols.map(({ name, old, new: now }) => [name, crc(old), crc(now)]);
  return table(["SYMBOL", "OLD", "NEW"], rows, process.stdout);
}

/** The members of a type that differ. */
export function structText(type: TypeChange, { members }: TypeDetails): string[] {
  const { kind, name, change, oldSize, newSize } = type;
  const same = members.filter((member) => member.change === "same").length;
  const alike = same === 0 ? "" : `; ${counted(same, "member")} the same`;
  const rows = members
    .filter((member) => member.change !== "same")
    .map((member) => [
      howText(member),
      placeText(member.old),
      placeText(member.new),
      member.path,
      typeText(member),
    ]);
  return [
    `${kind} ${printable(name, 512)}: ${sizesText(change, oldSize, newSize)}${alike}`,
    ...(rows.length === 0 ? [] : table(["CHANGE", "OLD", "NEW", "MEMBER", "TYPE"], rows)),
  ];
}

function memberCounts(members: readonly MemberChange[]): string {
  const differing = members.flatMap(({ change }) => (change === "same" ? [] : [change]));
  const { added, removed } = countChanges(differing);
  const changed = members.filter(({ change }) => change === "changed");
  const moved = changed.filter(({ isMoved }) => isMoved).length;
  const others = changed.length - moved;
  const counts = { added, removed, moved, "changed in place": others };
  const texts = Object.entries(counts).filter(([, count]) => count > 0);
  return `members: ${texts.map(([what, count]) => `${count} ${what}`).join(", ") || "none differs"}`;
}

function howText({ change, isMoved, isRetyped, isResized }: MemberChange): string {
  if (change !== "changed") return change;
  const how = [isMoved && "moved", isRetyped && "retyped", isResized && !isRetyped && "resized"];
  return how.filter((text) => text !== false).join(", ");
}

/** Bytes from the beginning, and the first bit where it does not begin with a byte; of an enum, the value. */
function placeText(item: ShapeMember | EnumValue | undefined): string {
  if (item === undefined) return "-";
  if ("value" in item) return String(item.value);
  const bits = item.bitOffset % 8;
  return `${Math.floor(item.bitOffset / 8)}${bits === 0 && !item.isBitField ? "" : `:${bits}`}`;
}

function typeText({ old, new: now, isRetyped }: MemberChange): string {
  const [before, after] = [typeOf(old), typeOf(now)];
  return isRetyped && before !== after ? `${before} -> ${after}` : after || before;
}

function typeOf(item: ShapeMember | EnumValue | undefined): string {
  if (item === undefined || "value" in item) return "";
  return item.isBitField ? `${item.type}:${item.bitSize}` : item.type;
}
