import { KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";

/** A symbol that a kernel or one of its modules exports. */
export interface ExportedSymbol {
  /** Its version. */
  readonly crc: number;
  /** The module that exports it; `vmlinux` for the kernel itself. */
  readonly module: string;
  readonly gplOnly: boolean;
  /** The namespace that a module must import to use it; empty for none. */
  readonly namespace: string;
}

/** The most bytes of a `Module.symvers`. A whole kernel's has some 3 MiB. */
export const maxSymversBytes = 32 * 1024 * 1024;
const maxSymbols = 500_000;

/**
 * Parses a `Module.symvers`: a line a symbol with CRC, name, module, kind of export, namespace (Linux scripts/mod/modpost.c,
 * read_dump and write_dump). Before 5.4 there is no namespace. The first releases of 5.4 and 5.5 have it before the module.
 *
 * @param name the file's, for errors.
 * @throws KheadersError `usage` if it is not such a file.
 */
export function parseSymvers(text: string, name: string): Map<string, ExportedSymbol> {
  const symbols = new Map<string, ExportedSymbol>();
  let number = 0;
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    number += 1;
    const isRead =
      end === start || addUsual(symbols, text, start, end) || addAny(symbols, text.slice(start, end));
    if (!isRead || symbols.size > maxSymbols) throw malformed(name, number);
    start = end + 1;
  }
  return symbols;
}

/**
 * Reads the versions alone of a `Module.symvers`, and decodes no name. Otherwise as {@link parseSymvers}, by which a symbol
 * that is there twice has its last version.
 *
 * @param add Takes where the name of a symbol begins, where it ends, and its version.
 */
export function readVersions(
  text: Buffer,
  name: string,
  add: (start: number, end: number, crc: number) => void,
): void {
  let number = 0;
  for (let start = 0; start < text.length; ) {
    let end = start;
    let tabs = 0;
    let symbolEnd = 0;
    let kindAt = 0;
    let isPlain = true;
    for (let byte = text[end]; byte !== newline && byte !== undefined; byte = text[end]) {
      end += 1;
      if (byte === tab) {
        tabs += 1;
        if (tabs === 2) symbolEnd = end - 1;
        else if (tabs === 3) kindAt = end;
      } else if (byte <= 0x20 || byte >= 0x7f) isPlain = false;
    }
    number += 1;
    if (end > start) {
      const symbolAt = start + versionLength + 1;
      const crc = versionAt(text, start);
      const isUsual = isPlain && symbolEnd > symbolAt && text[symbolAt - 1] === tab && isExport(text, kindAt);
      const isRead = isUsual || addAny(new Map(), text.toString("utf8", start, end));
      if (!isRead || crc === undefined || number > maxSymbols) throw malformed(name, number);
      add(symbolAt, symbolEnd, crc);
    }
    start = end + 1;
  }
}

const tab = 0x09;
const newline = 0x0a;
const versionLength = "0x12345678".length;
const exportKind = Buffer.from("EXPORT_");

/** The version that stands at a place; undefined if none does. */
function versionAt(text: Buffer, start: number): number | undefined {
  if (text[start] !== 0x30 || text[start + 1] !== 0x78) return undefined;
  let crc = 0;
  for (let at = start + 2; at < start + versionLength; at += 1) {
    const byte = text[at] ?? 0;
    const letter = byte | 0x20;
    if (byte >= 0x30 && byte <= 0x39) crc = (crc << 4) | (byte - 0x30);
    else if (letter >= 0x61 && letter <= 0x66) crc = (crc << 4) | (letter - 0x61 + 10);
    else return undefined;
  }
  return crc >>> 0;
}

function isExport(text: Buffer, start: number): boolean {
  for (let at = 0; at < exportKind.length; at += 1) if (text[start + at] !== exportKind[at]) return false;
  return true;
}

function malformed(name: string, line: number): KheadersError {
  return new KheadersError("usage", `${printable(name, 4096)} is not a Module.symvers (line ${line})`, {
    hint: "Each of its lines has a CRC, a symbol, a module and EXPORT_SYMBOL or EXPORT_SYMBOL_GPL.",
  });
}

/** Adds what a line of the usual form says, without taking it apart first: there are tens of thousands. */
function addUsual(symbols: Map<string, ExportedSymbol>, text: string, start: number, end: number): boolean {
  const symbolAt = start + 11;
  const symbolEnd = text.indexOf("\t", symbolAt);
  const moduleEnd = text.indexOf("\t", symbolEnd + 1);
  const kindEnd = text.indexOf("\t", moduleEnd + 1);
  if (symbolEnd < 0 || moduleEnd < 0 || kindEnd < 0 || kindEnd >= end || text[symbolAt - 1] !== "\t")
    return false;
  if (!text.startsWith("0x", start) || !text.startsWith("EXPORT_", moduleEnd + 1)) return false;
  const crc = Number(text.slice(start, symbolAt - 1));
  const symbol = text.slice(symbolAt, symbolEnd);
  if (!Number.isInteger(crc) || !symbolName.test(symbol)) return false;
  symbols.set(symbol, {
    crc,
    module: text.slice(symbolEnd + 1, moduleEnd),
    gplOnly: text.startsWith("_GPL", kindEnd - 4),
    namespace: text.slice(kindEnd + 1, end),
  });
  return true;
}

const symbolName = /^[!-~]+$/;

/** Adds what a line says in a form of any kernel. @returns whether it is such a line. */
function addAny(symbols: Map<string, ExportedSymbol>, line: string): boolean {
  const [crcText = "", symbol = "", ...rest] = line.split("\t");
  const kindAt = rest.findIndex((field) => field.startsWith("EXPORT_"));
  const kind = rest[kindAt];
  const module = rest[kindAt - 1];
  if (!/^0x[\da-f]{8}$/i.test(crcText) || !symbolName.test(symbol)) return false;
  if (kind === undefined || module === undefined || kindAt > 2) return false;
  const namespace = (kindAt === 2 ? rest[0] : rest[2]) ?? "";
  symbols.set(symbol, { crc: Number(crcText), module, gplOnly: kind.endsWith("_GPL"), namespace });
  return true;
}

/**
 * Whether the symbols are all that a kernel exports, as its build lists them. Versions that were collected from modules are
 * not: these do not say which of the kernel's own symbols are for GPL modules alone.
 */
export function isComplete(symbols: ReadonlyMap<string, ExportedSymbol>): boolean {
  for (const { module, gplOnly } of symbols.values()) if (module === "vmlinux" && gplOnly) return true;
  return false;
}

/** As {@link isComplete}, of the text of a `Module.symvers`. */
export function isCompleteText(text: Buffer): boolean {
  return ["\t", "\n"].some((end) => text.includes(`\tvmlinux\tEXPORT_SYMBOL_GPL${end}`));
}

/** A version as `Module.symvers` spells it: `0x037a0cba`. */
export function crcText(crc: number): string {
  return `0x${crc.toString(16).padStart(8, "0")}`;
}
