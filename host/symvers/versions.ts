import { KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import type { ModuleFile } from "./module-file.js";

/** A module's name where modpost takes it from: a file's name without what makes a line or column of `Module.symvers`. */
const properName = /^[\w.-]{1,64}$/;

/** A kernel exports some 40,000 symbols, all its modules together not many more. */
const mostSymbols = 262_144;

/**
 * The symbol versions (CRCs) of a kernel, out of its modules: each has those of the symbols that it imports, and every one
 * has that of `module_layout`, by which the kernel knows a module that was built for it.
 */
export class SymbolVersions {
  readonly #crcs = new Map<string, { readonly crc: number; readonly file: string }>();
  readonly #exporters = new Map<string, { readonly module: string; readonly gplOnly: boolean }>();

  /** How many symbols have a version. */
  get size(): number {
    return this.#crcs.size;
  }

  has(symbol: string): boolean {
    return this.#crcs.has(symbol);
  }

  /**
   * Adds what a module says.
   *
   * @param file names it where it contradicts another one.
   * @throws KheadersError `symbol-conflict` where two have different CRCs for one symbol: they are of two kernels;
   * `protocol-error` where there are more symbols than any kernel has.
   */
  add(module: ModuleFile, file: string): void {
    for (const [symbol, crc] of module.versions) {
      const known = this.#crcs.get(symbol);
      if (known === undefined) this.#crcs.set(symbol, { crc, file });
      else if (known.crc !== crc) throw conflict(symbol, known, { crc, file });
    }
    if (this.#crcs.size > mostSymbols || this.#exporters.size > mostSymbols)
      throw new KheadersError("protocol-error", "the device's modules name more symbols than any kernel has");
    const name = module.name ?? baseName(file);
    if (!properName.test(name)) return;
    for (const [symbol, { gplOnly }] of module.exports) {
      if (!this.#exporters.has(symbol)) this.#exporters.set(symbol, { module: name, gplOnly });
    }
  }

  /**
   * The text of `Module.symvers`, as modpost reads it since 2.6.18, sorted: CRC, symbol, exporting module, kind of export,
   * and namespace, where older ones stop before it (Linux scripts/mod/modpost.c, read_dump; the first releases of 5.4 and
   * 5.5 had the namespace elsewhere and do not read this).
   *
   * An importer does not tell who exports a symbol. Who of the modules does is seen from their own symbols, and modpost makes
   * the module's dependencies of it; the rest is the kernel's own, `vmlinux`. There it is not known which are for modules
   * under the GPL alone: as `EXPORT_SYMBOL`, all modules build, and the kernel decides when it loads one. Nor is the
   * namespace known: the module must import it with MODULE_IMPORT_NS, which the kernel checks when it loads it.
   */
  text(): string {
    const symbols = [...this.#crcs].sort(([one], [other]) => (one < other ? -1 : 1));
    return symbols
      .map(([symbol, { crc }]) => {
        const { module, gplOnly } = this.#exporters.get(symbol) ?? { module: "vmlinux", gplOnly: false };
        return `${hex(crc)}\t${symbol}\t${module}\t${gplOnly ? "EXPORT_SYMBOL_GPL" : "EXPORT_SYMBOL"}\t\n`;
      })
      .join("");
  }
}

function conflict(
  symbol: string,
  one: { readonly crc: number; readonly file: string },
  other: { readonly crc: number; readonly file: string },
): KheadersError {
  const says = ({ crc, file }: typeof one) => `${hex(crc)} in ${printable(file, 400)}`;
  return new KheadersError(
    "symbol-conflict",
    `the device's modules are of two kernels: ${printable(symbol)} has the version ${says(one)} and ${says(other)}`,
    {
      hint: "Install the modules that were built with this kernel (system_dlkm, vendor_dlkm), and those alone.",
    },
  );
}

function baseName(file: string): string {
  return (file.split("/").at(-1) ?? "").replace(/\.ko(\.gz)?$/, "");
}

function hex(crc: number): string {
  return `0x${crc.toString(16).padStart(8, "0")}`;
}
