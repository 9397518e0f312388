import type { Digest, KnownKernel } from "../../../shared/identity.js";
import type { BtfSource } from "../../btf/locate.js";

/** In what two kernels differ. A part that was not asked for is undefined. */
export interface KernelDiff {
  readonly old: KernelSide;
  readonly new: KernelSide;
  readonly config: Part<ConfigDiff> | undefined;
  readonly headers: Part<HeadersDiff> | undefined;
  readonly types: Part<TypesDiff> | undefined;
  readonly symbols: Part<SymbolsDiff> | undefined;
}

/** The name of a part, in the order in which the parts are shown. */
export type PartName = "config" | "headers" | "types" | "symbols";

/** One of the two kernels. */
export interface KernelSide {
  /** What the user named it by: a serial, a release, a digest, a folder or a file. */
  readonly name: string;
  /** The device, if one was asked. */
  readonly serial: string | undefined;
  /** SHA-256 of the archive of its headers; undefined for a folder outside of the cache. */
  readonly digest: Digest | undefined;
  /** Absolute path of its tree, which stays for as long as the comparison is worked with. */
  readonly tree: string;
  /** What is known of it; of a folder outside of the cache, its release alone. */
  readonly kernel: KnownKernel;
}

/** What is told of both kernels. */
export interface Both<T> {
  readonly old: T;
  readonly new: T;
}

/** A part of the comparison, or why it cannot be made, as a clause: `the BTF of … is not cached`. */
export type Part<T> =
  | { readonly diff: T; readonly unknown?: undefined }
  | { readonly diff?: undefined; readonly unknown: string };

/** What became of something: it is in the new kernel alone, in the old one alone, or in both and differs. */
export type Change = "added" | "removed" | "changed";

/** How many there are of each {@link Change}. */
export type ChangeCounts = Readonly<Record<Change, number>>;

/** The options that differ. One that is not set is not told from one that a kernel does not have. */
export interface ConfigDiff {
  /** Whether a configuration is the device's `/proc/config.gz` (or a file's), or what `autoconf.h` tells of it. */
  readonly from: Both<"device" | "headers">;
  /** Sorted by option. */
  readonly options: readonly OptionChange[];
}

/** An option with its `CONFIG_`, and its values as in `.config`: `y`, `m`, `0x10`, `"text"`; undefined if it is not set. */
export interface OptionChange {
  readonly option: string;
  readonly old: string | undefined;
  readonly new: string | undefined;
}

/** The files of the header trees that differ. {@link readHeader} gives the text of each. */
export interface HeadersDiff {
  /** Sorted by path. */
  readonly files: readonly FileChange[];
  /** How many files are the same in both. */
  readonly same: number;
}

/** A file, or a symbolic link, of the header trees. */
export interface FileChange {
  /** Relative to the tree, with `/`. */
  readonly path: string;
  readonly change: Change;
}

/** The named structs, unions and enums that differ, each once, however many others contain it. */
export interface TypesDiff {
  /** Where the types come from; of both kernels from themselves, or of both from their headers. */
  readonly from: Both<BtfSource>;
  /** Sorted by name. */
  readonly types: readonly TypeChange[];
  /** How many named types are the same in both. */
  readonly same: number;
  /** Whether one of the kernels has a struct, union or enum of that name. */
  has(name: string): boolean;
  /** The members of a type in both kernels, decoded now. */
  details(change: TypeChange): TypeDetails;
}

/** A type that has a name: its tag's, or that of a typedef of an anonymous one. */
export interface TypeChange {
  readonly kind: "struct" | "union" | "enum";
  readonly name: string;
  /** Whether the name is a typedef's. */
  readonly isTypedef: boolean;
  readonly change: Change;
  /** Bytes; undefined where it does not exist. */
  readonly oldSize: number | undefined;
  readonly newSize: number | undefined;
  /** Its number in the BTF of each kernel: source files may define several of one name. */
  readonly oldId: number | undefined;
  readonly newId: number | undefined;
}

/** A type in both kernels; undefined where it does not exist. */
export interface TypeDetails {
  readonly old: TypeShape | undefined;
  readonly new: TypeShape | undefined;
  /** In the order of the new kernel; what was removed stands where it was. Of a type that exists in one kernel, all. */
  readonly members: readonly MemberChange[];
}

/** How a type lies in memory, or which values an enum has. */
export interface TypeShape {
  /** Bytes. */
  readonly size: number;
  /** Of a struct or union: members in the order of their declaration, with those of anonymous ones in their place. */
  readonly members: readonly ShapeMember[];
  /** Of an enum. */
  readonly values: readonly EnumValue[];
}

/** A member of a struct or union. */
export interface ShapeMember {
  /** With the names of the members that it lies in, if these are of an anonymous type: `u.mem_size`. */
  readonly path: string;
  /** As C writes it without a name: `struct list_head *`, `char[16]`; `union {...}` for an anonymous one. */
  readonly type: string;
  /** Bits from the beginning of the struct. */
  readonly bitOffset: number;
  /** Bits that it takes. */
  readonly bitSize: number;
  readonly isBitField: boolean;
}

/** A value of an enum. */
export interface EnumValue {
  readonly name: string;
  readonly value: bigint;
}

/** What became of a member, or of a value of an enum. */
export interface MemberChange {
  /** The member's path, or the name of the value. */
  readonly path: string;
  /** `same` for one that does not differ. */
  readonly change: Change | "same";
  /** It begins elsewhere in the struct. */
  readonly isMoved: boolean;
  /** C writes its type otherwise; of an enum, its value differs. */
  readonly isRetyped: boolean;
  /** It takes more or less room. */
  readonly isResized: boolean;
  readonly old: ShapeMember | EnumValue | undefined;
  readonly new: ShapeMember | EnumValue | undefined;
}

/** The exported symbols whose versions (CRCs) differ. */
export interface SymbolsDiff {
  /**
   * Whether the symbols are all that a kernel exports, as its build lists them, or those that its modules tell of. Where this
   * is not the same for both, only symbols that both have are compared.
   */
  readonly isComplete: Both<boolean>;
  readonly counts: ChangeCounts;
  /** Sorted by name; made when it is asked for, for there may be very many. */
  readonly symbols: readonly SymbolChange[];
  /** The first ones of those that both kernels have. */
  changed(count: number): readonly SymbolChange[];
  /** How many symbols have the same version in both. */
  readonly same: number;
}

/** A symbol, and its versions; undefined where it is not exported. */
export interface SymbolChange {
  readonly name: string;
  readonly old: number | undefined;
  readonly new: number | undefined;
}

/** How many files of a folder differ. */
export interface FolderChanges extends ChangeCounts {
  /** Relative to the tree; empty for the tree itself. */
  readonly folder: string;
}

/** What became of something by what there was and is. */
export function changeOf(one: unknown, other: unknown): Change {
  if (one === undefined) return "added";
  return other === undefined ? "removed" : "changed";
}

/** Counts changes. */
export function countChanges(changes: Iterable<Change>): ChangeCounts {
  const counts = { added: 0, removed: 0, changed: 0 };
  for (const change of changes) counts[change] += 1;
  return counts;
}
