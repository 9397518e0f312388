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
  for (const line of text.split("\n")) {
    number += 1;
    if (line === "") continue;
    const parsed = parseLine(line);
    if (parsed === undefined || symbols.size >= maxSymbols) {
      throw new KheadersError("usage", `${printable(name, 4096)} is not a Module.symvers (line ${number})`, {
        hint: "Each of its lines has a CRC, a symbol, a module and EXPORT_SYMBOL or EXPORT_SYMBOL_GPL.",
      });
    }
    symbols.set(...parsed);
  }
  return symbols;
}

function parseLine(line: string): [string, ExportedSymbol] | undefined {
  const [crcText = "", symbol = "", ...rest] = line.split("\t");
  const kindAt = rest.findIndex((field) => field.startsWith("EXPORT_"));
  const kind = rest[kindAt];
  const module = rest[kindAt - 1];
  if (!/^0x[\da-f]{8}$/i.test(crcText) || !/^[!-~]+$/.test(symbol)) return undefined;
  if (kind === undefined || module === undefined || kindAt > 2) return undefined;
  const namespace = (kindAt === 2 ? rest[0] : rest[2]) ?? "";
  return [symbol, { crc: Number(crcText), module, gplOnly: kind.endsWith("_GPL"), namespace }];
}

/**
 * Whether the symbols are all that a kernel exports, as its build lists them. Versions that were collected from modules are
 * not: these do not say which of the kernel's own symbols are for GPL modules alone.
 */
export function isComplete(symbols: ReadonlyMap<string, ExportedSymbol>): boolean {
  for (const { module, gplOnly } of symbols.values()) if (module === "vmlinux" && gplOnly) return true;
  return false;
}

/** A version as `Module.symvers` spells it: `0x037a0cba`. */
export function crcText(crc: number): string {
  return `0x${crc.toString(16).padStart(8, "0")}`;
}
