import { isUtf8 } from "node:buffer";
import { printable } from "../../../shared/printable.js";
import { corrupt, refused } from "../errors.js";

/** Size in bytes of a header, and the unit to which all content is filled up. */
export const tarBlockSize = 512;

/** What a header announces. The last four say something about the member that follows them. */
export type TarHeaderType = "file" | "folder" | "link" | "long-path" | "long-target" | "pax" | "pax-global";

/** One header, taken literally. */
export interface TarHeader {
  readonly type: TarHeaderType;
  readonly path: string;
  /** Of a link. */
  readonly target: string;
  /** Permission bits, with set-user-id, set-group-id and sticky. */
  readonly mode: number;
  /** Bytes of content that follow. */
  readonly size: number;
}

/** GNU's long names, which stand before a header and replace its names; it then has their first 100 bytes, cut anywhere. */
export interface LongNames {
  readonly path: string | undefined;
  readonly target: string | undefined;
}

/** A field of the header. */
interface Field {
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
}

const nameField: Field = { offset: 0, length: 100 };
const modeField: Field = { offset: 100, length: 8 };
const sizeField: Field = { offset: 124, length: 12 };
const checksumField: Field = { offset: 148, length: 8 };
const typeOffset = 156;
const targetField: Field = { offset: 157, length: 100 };
const formatOffset = 257;
/** The first part of a long name, in POSIX's format alone. */
const prefixField: Field = { offset: 345, length: 155 };

/** The two formats that are in use. */
const posixFormat = Buffer.from("ustar\x0000");
const gnuFormat = Buffer.from("ustar  \0");

const code = (character: string) => character.charCodeAt(0);

const acceptedTypes: ReadonlyMap<number, TarHeaderType> = new Map([
  [0, "file"],
  [code("0"), "file"],
  [code("5"), "folder"],
  [code("2"), "link"],
  [code("L"), "long-path"],
  [code("K"), "long-target"],
  [code("x"), "pax"],
  [code("g"), "pax-global"],
]);

const hardLink = code("1");

const refusedTypes: ReadonlyMap<number, string> = new Map([
  [hardLink, "a hard link"],
  [code("3"), "a character device"],
  [code("4"), "a block device"],
  [code("6"), "a named pipe"],
  [code("S"), "a sparse file"],
]);

/** GNU tar makes hard links of files that are linked on the builder's disk. */
const hardLinkHint =
  "Build the kernel with TAR_OPTIONS=--hard-dereference, so that tar packs each file by itself.";

/** Types of headers that only say something about the next member. */
const metadataTypes: ReadonlySet<TarHeaderType | undefined> = new Set([
  "long-path",
  "long-target",
  "pax",
  "pax-global",
] as const);

/**
 * Reads the tar header at `offset`, which is `position` in the tar stream. There must be only one way to read it, so the
 * fields that matter are exactly what POSIX (`pax`, ustar interchange format) or GNU tar (`tar.h`) writes.
 *
 * Throws `archive-corrupt` if it is not a header, `archive-refused` for types, texts and numbers that are not accepted.
 */
export function readTarHeader(bytes: Buffer, offset: number, position: number, long: LongNames): TarHeader {
  if (!hasChecksum(bytes, offset)) {
    throw corrupt(`there is no tar header at byte ${position}, or one that was changed`);
  }
  const flag = bytes[offset + typeOffset] ?? 0;
  const type = acceptedTypes.get(flag);
  const isMember = !metadataTypes.has(type);
  const isPosix = isFormat(bytes, offset, posixFormat);
  const longPath = isMember ? long.path : undefined;
  const longTarget = isMember ? long.target : undefined;
  const path = longPath ?? pathOf(bytes, offset, isPosix);
  if (type === undefined) throw refusedType(flag, path);
  if (!isPosix && !isFormat(bytes, offset, gnuFormat)) {
    throw refused(`${quoted(path)} is in a tar format that is neither POSIX nor GNU`);
  }
  checkText(bytes, offset, nameField, path, isMember && longPath === undefined);
  checkText(bytes, offset, targetField, path, type === "link" && longTarget === undefined);
  if (isPosix) checkText(bytes, offset, prefixField, path, isMember && longPath === undefined);
  const target = longTarget ?? textOf(bytes, offset, targetField);
  if (type !== "link" && target !== "") throw refused(`${quoted(path)} is not a link, but has a link target`);
  const mode = octal(bytes, offset, modeField);
  const size = octal(bytes, offset, sizeField);
  if (mode === undefined || size === undefined) {
    throw refused(`${quoted(path)} has a header with a number that is not octal`);
  }
  return { type, path, target, mode, size };
}

/** The sum of all bytes of the header, with spaces in the place of the sum itself. */
function hasChecksum(bytes: Buffer, offset: number): boolean {
  const start = offset + checksumField.offset;
  const end = start + checksumField.length;
  let sum = checksumField.length * space;
  for (let at = offset; at < start; at += 1) sum += bytes[at] ?? 0;
  for (let at = end; at < offset + tarBlockSize; at += 1) sum += bytes[at] ?? 0;
  return sum === octal(bytes, offset, checksumField);
}

function refusedType(flag: number, path: string): Error {
  const type = refusedTypes.get(flag) ?? `of the unknown type 0x${flag.toString(16).padStart(2, "0")}`;
  return refused(`${quoted(path)} is ${type}`, flag === hardLink ? hardLinkHint : undefined);
}

function isFormat(bytes: Buffer, offset: number, format: Buffer): boolean {
  for (let at = 0; at < format.length; at += 1) {
    if (bytes[offset + formatOffset + at] !== format[at]) return false;
  }
  return true;
}

function pathOf(bytes: Buffer, offset: number, isPosix: boolean): string {
  const name = textOf(bytes, offset, nameField);
  const prefix = isPosix ? textOf(bytes, offset, prefixField) : "";
  return prefix === "" ? name : `${prefix}/${name}`;
}

/** The text of a field, up to the first NUL. */
function textOf(bytes: Buffer, offset: number, field: Field): string {
  const start = offset + field.offset;
  const end = start + field.length;
  let at = start;
  while (at < end && bytes[at] !== 0) at += 1;
  return at === start ? "" : bytes.toString("utf8", start, at);
}

/** Throws `archive-refused` if a field is not a text that is followed by NULs alone. `path` is for the message. */
function checkText(bytes: Buffer, offset: number, field: Field, path: string, mustBeUtf8: boolean): void {
  const start = offset + field.offset;
  const end = start + field.length;
  let isAscii = true;
  let at = start;
  for (; at < end && bytes[at] !== 0; at += 1) isAscii &&= (bytes[at] ?? 0) < 0x80;
  const textEnd = at;
  for (; at < end; at += 1) {
    if (bytes[at] !== 0) throw refused(`${quoted(path)} has a NUL within its name or link target`);
  }
  if (mustBeUtf8 && !isAscii) checkUtf8(bytes.subarray(start, textEnd), quoted(path));
}

/** Throws `archive-refused` for a name or link target that is not text. `name` is for the message. */
export function checkUtf8(text: Uint8Array, name: string): void {
  if (!isUtf8(text)) throw refused(`${name} has a name or link target that is not UTF-8`);
}

/**
 * Octal digits, which may stand after spaces and before spaces or NULs; undefined for anything else. GNU's binary numbers
 * begin at 8 GiB.
 */
function octal(bytes: Buffer, offset: number, field: Field): number | undefined {
  let at = offset + field.offset;
  const end = at + field.length;
  while (at < end && bytes[at] === space) at += 1;
  const first = at;
  let value = 0;
  for (; at < end; at += 1) {
    const digit = (bytes[at] ?? 0) - zero;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
  }
  const hasDigits = at > first;
  while (at < end && (bytes[at] === space || bytes[at] === 0)) at += 1;
  return hasDigits && at === end ? value : undefined;
}

const space = 0x20;
/** The digit. */
const zero = 0x30;

const zeros = Buffer.alloc(tarBlockSize);

/** Whether there are only zeros in at most one block. */
export function isZero(bytes: Uint8Array): boolean {
  return zeros.compare(bytes, 0, bytes.length, 0, bytes.length) === 0;
}

function quoted(path: string): string {
  return `"${printable(path)}"`;
}
