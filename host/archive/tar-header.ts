import { isUtf8 } from "node:buffer";
import { Header } from "tar/header";
import { printable } from "../../shared/printable.js";
import { corrupt, refused } from "./failures.js";

/** Size in bytes of a header, and the unit to which all content is filled up. */
export const tarBlockSize = 512;

/** What a header announces. The last four say something about the entry that follows them. */
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

/**
 * Reads a tar header. `tar` does the reading; as it forgives much (it takes what parses of a number, cuts text at a NUL
 * and reads on after a newline, and makes a folder of a file whose name ends in a slash), the fields that matter are
 * first checked to be exactly what POSIX (`pax`, ustar interchange format) or GNU tar (`tar.h`) writes, so that there
 * is only one way to read them.
 *
 * `position` is where the header lies in the tar stream, for the messages. Throws `archive-corrupt` for what is no
 * header, `archive-refused` for types and numbers that are not accepted.
 */
export function readTarHeader(block: Uint8Array, position: number): TarHeader {
  const header = decode(block, position);
  const path = header.path ?? "";
  const name = `"${printable(path)}"`;
  const type = acceptedTypes.get(header.type ?? "");
  if (type === undefined) {
    const flag = (block[156] ?? 0).toString(16).padStart(2, "0");
    throw refused(`${name} is ${refusedTypes.get(header.type ?? "") ?? `of the unknown type 0x${flag}`}`);
  }
  checkFormat(block, name);
  if (type !== "link" && header.linkpath !== "") throw refused(`${name} is no link, but has a link target`);
  return {
    type: type === "folder" && block[156] !== folderFlag ? "file" : type,
    path,
    target: header.linkpath ?? "",
    mode: octal(block, 100, 8, name),
    size: octal(block, 124, 12, name),
  };
}

/** `5`, the only type of folders. */
const folderFlag = 0x35;

function decode(block: Uint8Array, position: number): Header {
  let header: Header | undefined;
  let cause: unknown;
  try {
    header = new Header(Buffer.from(block.buffer, block.byteOffset, block.length));
  } catch (error) {
    cause = error;
  }
  if (header?.cksumValid) return header;
  throw corrupt(`there is no tar header at byte ${position}, or one that was changed`, cause);
}

/** The two formats that are in use, and in which the name's second part is at a known place or absent. */
const formats: ReadonlySet<string> = new Set(["ustar\x0000", "ustar  \0"]);

function checkFormat(block: Uint8Array, name: string): void {
  const format = Buffer.from(block.subarray(257, 265)).toString("latin1");
  if (!formats.has(format)) throw refused(`${name} is in a tar format that is neither POSIX nor GNU`);
  checkText(block.subarray(0, 100), name);
  checkText(block.subarray(157, 257), name);
  if (format === "ustar\x0000") checkText(block.subarray(345, 500), name);
}

/** Text fields are filled up with NUL, and a text as long as its field has none. */
function checkText(field: Uint8Array, name: string): void {
  const end = field.indexOf(0);
  const text = end === -1 ? field : field.subarray(0, end);
  if (end !== -1 && !field.subarray(end).every((byte) => byte === 0)) {
    throw refused(`${name} has a NUL within its name or link target`);
  }
  checkUtf8(text, name);
}

/** Throws `archive-refused` for a name or link target that has no single meaning as text. */
export function checkUtf8(text: Uint8Array, name: string): void {
  if (!isUtf8(text)) throw refused(`${name} has a name or link target that is not UTF-8`);
}

/** Octal digits, which may stand after spaces and before spaces or NULs. GNU's binary numbers begin at 8 GiB. */
function octal(block: Uint8Array, offset: number, length: number, name: string): number {
  const field = Buffer.from(block.subarray(offset, offset + length)).toString("latin1");
  const digits = /^ *([0-7]+)[ \0]*$/.exec(field)?.[1];
  if (digits === undefined) throw refused(`${name} has a header with a number that is not octal`);
  return Number.parseInt(digits, 8);
}
