import { isUtf8 } from "node:buffer";
import { Header } from "tar/header";
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

const acceptedTypes: ReadonlyMap<string, TarHeaderType> = new Map([
  ["File", "file"],
  ["Directory", "folder"],
  ["SymbolicLink", "link"],
  ["NextFileHasLongPath", "long-path"],
  ["NextFileHasLongLinkpath", "long-target"],
  ["ExtendedHeader", "pax"],
  ["GlobalExtendedHeader", "pax-global"],
]);

const refusedTypes: ReadonlyMap<string, string> = new Map([
  ["Link", "a hard link"],
  ["CharacterDevice", "a character device"],
  ["BlockDevice", "a block device"],
  ["FIFO", "a named pipe"],
  ["SparseFile", "a sparse file"],
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

/** GNU's long names, which stand before a header and replace its names; it then has their first 100 bytes, cut anywhere. */
export interface LongNames {
  readonly path: string | undefined;
  readonly target: string | undefined;
}

/**
 * Reads a tar header. `tar` does the reading. It forgives much (it takes the part of a number that parses, cuts text at a
 * NUL and reads on after a newline, and makes a folder of a file whose name ends in a slash), so the fields that matter are
 * also checked to be exactly what POSIX (`pax`, ustar interchange format) or GNU tar (`tar.h`) writes: there must be only
 * one way to read them.
 *
 * `position` is where the header lies in the tar stream, for the messages. Throws `archive-corrupt` if it is not a header,
 * `archive-refused` for types, texts and numbers that are not accepted.
 */
export function readTarHeader(block: Uint8Array, position: number, long: LongNames): TarHeader {
  const header = decode(block, position);
  const type = typeOf(header, block);
  const isMember = !metadataTypes.has(type);
  const path = (isMember ? long.path : undefined) ?? header.path ?? "";
  const target = (isMember ? long.target : undefined) ?? header.linkpath ?? "";
  const name = `"${printable(path)}"`;
  if (type === undefined) {
    const flag = (block[156] ?? 0).toString(16).padStart(2, "0");
    throw refused(
      `${name} is ${refusedTypes.get(header.type ?? "") ?? `of the unknown type 0x${flag}`}`,
      header.type === "Link" ? hardLinkHint : undefined,
    );
  }
  const { nameField, prefixField, targetField } = textFields(block, name);
  if (isMember && long.path === undefined) {
    checkUtf8(nameField, name);
    checkUtf8(prefixField, name);
  }
  if (type === "link" && long.target === undefined) checkUtf8(targetField, name);
  if (type !== "link" && target !== "") throw refused(`${name} is not a link, but has a link target`);
  return { type, path, target, mode: octal(block, 100, 8, name), size: octal(block, 124, 12, name) };
}

function typeOf(header: Header, block: Uint8Array): TarHeaderType | undefined {
  const type = acceptedTypes.get(header.type ?? "");
  return type === "folder" && block[156] !== folderFlag ? "file" : type;
}

/** `5`, the only type of folders. */
const folderFlag = 0x35;

function decode(block: Uint8Array, position: number): Header {
  let header: Header | undefined;
  let cause: unknown;
  try {
    header = new Header(viewOf(block));
  } catch (error) {
    cause = error;
  }
  if (header?.cksumValid) return header;
  throw corrupt(`there is no tar header at byte ${position}, or one that was changed`, cause);
}

/** The two formats that are in use. In POSIX's a name may have a first part in a field of its own. */
const posixFormat = Buffer.from("ustar\x0000");
const gnuFormat = Buffer.from("ustar  \0");

function textFields(block: Uint8Array, name: string) {
  const isPosix = posixFormat.compare(block, 257, 265) === 0;
  if (!isPosix && gnuFormat.compare(block, 257, 265) !== 0) {
    throw refused(`${name} is in a tar format that is neither POSIX nor GNU`);
  }
  const nameField = block.subarray(0, 100);
  const targetField = block.subarray(157, 257);
  const prefixField = isPosix ? block.subarray(345, 500) : block.subarray(0, 0);
  for (const field of [nameField, targetField, prefixField]) checkFilledUp(field, name);
  return { nameField, targetField, prefixField };
}

const zeros = Buffer.alloc(tarBlockSize);

/** Whether there are only zeros in at most one block. */
export function isZero(bytes: Uint8Array): boolean {
  return zeros.compare(bytes, 0, bytes.length, 0, bytes.length) === 0;
}

/** A text shorter than its field is followed by NULs alone. */
function checkFilledUp(field: Uint8Array, name: string): void {
  const end = field.indexOf(0);
  if (end !== -1 && !isZero(field.subarray(end))) {
    throw refused(`${name} has a NUL within its name or link target`);
  }
}

/** Throws `archive-refused` for a name or link target that is not text; NULs may follow it. */
export function checkUtf8(text: Uint8Array, name: string): void {
  if (!isUtf8(text)) throw refused(`${name} has a name or link target that is not UTF-8`);
}

/** Octal digits, which may stand after spaces and before spaces or NULs. GNU's binary numbers begin at 8 GiB. */
function octal(block: Uint8Array, offset: number, length: number, name: string): number {
  const end = offset + length;
  let at = offset;
  while (at < end && block[at] === space) at += 1;
  const first = at;
  let value = 0;
  for (; at < end; at += 1) {
    const digit = (block[at] ?? 0) - zero;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
  }
  const hasDigits = at > first;
  while (at < end && (block[at] === space || block[at] === 0)) at += 1;
  if (hasDigits && at === end) return value;
  throw refused(`${name} has a header with a number that is not octal`);
}

const space = 0x20;
/** The digit. */
const zero = 0x30;

/** The same bytes, not a copy. */
function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
