import { KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import type { ModuleFile } from "./module-file.js";
import { crcText } from "./symvers-file.js";

/** A module's name, from its file or the name of that: without what would break a line or column of `Module.symvers`. */
const validName = /^[\w.-]{1,64}$/;

/** A kernel exports some 40,000 symbols, all its modules together not many more. */
const maxSymbols = 262_144;
/** The most bytes that their names have together. */
const maxNameBytes = 16 * 1024 * 1024;

/** The version of a symbol, and a module file that has it. */
interface Version {
  readonly crc: number;
  readonly file: string;
}

/**
 * The symbol versions (CRCs) of a kernel, from its modules: each has those of the symbols that it imports, and every one
 * has that of `module_layout`, by which the kernel recognizes a module that was built for it.
 */
export class SymbolVersions {
  readonly #crcs = new Map<string, Version>();
  readonly #exporters = new Map<string, { readonly module: string; readonly gplOnly: boolean }>();
  /** The namespaces that all modules which import a symbol have imported: it can be in no other. */
  readonly #namespaces = new Map<string, readonly string[]>();
  #nameBytes = 0;

  /** How many symbols have a version. */
  get size(): number {
    return this.#crcs.size;
  }

  has(symbol: string): boolean {
    return this.#crcs.has(symbol);
  }

  /** Whether a module contradicts one that was added before. */
  contradicts(module: ModuleFile): boolean {
    return [...module.versions].some(([symbol, crc]) => (this.#crcs.get(symbol)?.crc ?? crc) !== crc);
  }

  /**
   * Adds a module; `file` names it in errors. Throws `symbol-conflict` if two modules have different CRCs for one symbol,
   * because they are of two kernels; `protocol-error` if there are more symbols than any kernel has.
   */
  add(module: ModuleFile, file: string): void {
    for (const [symbol, crc] of module.versions) {
      const known = this.#crcs.get(symbol);
      if (known === undefined) {
        this.#crcs.set(symbol, { crc, file });
        this.#count(symbol);
      } else if (known.crc !== crc) throw conflict(symbol, known, { crc, file });
      const others = this.#namespaces.get(symbol) ?? module.namespaces;
      this.#namespaces.set(
        symbol,
        others.filter((namespace) => module.namespaces.includes(namespace)),
      );
    }
    const name = module.name ?? moduleFileName(file);
    if (!validName.test(name)) return;
    for (const [symbol, { gplOnly }] of module.exports) {
      if (this.#exporters.has(symbol)) continue;
      this.#exporters.set(symbol, { module: name, gplOnly });
      this.#count(symbol);
    }
  }

  /** The symbols that may be in a namespace, and in which: all modules that import such a symbol import these too. */
  possibleNamespaces(): Record<string, readonly string[]> {
    return Object.fromEntries([...this.#namespaces].filter(([, namespaces]) => namespaces.length > 0));
  }

  #count(symbol: string): void {
    this.#nameBytes += symbol.length;
    const symbols = Math.max(this.#crcs.size, this.#exporters.size);
    if (symbols > maxSymbols || this.#nameBytes > maxNameBytes)
      throw new KheadersError("protocol-error", "the device's modules name more symbols than any kernel has");
  }

  /**
   * The text of `Module.symvers`, as modpost reads it since 2.6.18, sorted: CRC, symbol, exporting module, kind of export,
   * and namespace, where older ones stop before it (Linux scripts/mod/modpost.c, read_dump; the first releases of 5.4 and
   * 5.5 had the namespace elsewhere and do not read this).
   *
   * An importer does not say who exports a symbol. Which module does is seen from the modules' own symbols, and modpost
   * derives the module's dependencies from it; the rest is exported by the kernel itself, `vmlinux`. Which of those only GPL
   * modules may use is unknown: with `EXPORT_SYMBOL` all modules build, and the kernel decides when it loads one. The
   * namespace is unknown too: the module must import it with MODULE_IMPORT_NS, which the kernel checks when it loads it.
   */
  text(): string {
    const symbols = [...this.#crcs].sort(([one], [other]) => (one < other ? -1 : 1));
    return symbols
      .map(([symbol, { crc }]) => {
        const { module, gplOnly } = this.#exporters.get(symbol) ?? { module: "vmlinux", gplOnly: false };
        return `${crcText(crc)}\t${symbol}\t${module}\t${gplOnly ? "EXPORT_SYMBOL_GPL" : "EXPORT_SYMBOL"}\t\n`;
      })
      .join("");
  }
}

function conflict(symbol: string, one: Version, other: Version): KheadersError {
  const says = ({ crc, file }: Version) => `${crcText(crc)} in ${printable(file, 400)}`;
  return new KheadersError(
    "symbol-conflict",
    `the device's modules are of two kernels: ${printable(symbol)} has the version ${says(one)} and ${says(other)}`,
    {
      hint: "Install the modules that were built with this kernel (system_dlkm, vendor_dlkm), and no others.",
    },
  );
}

/** The name of a module file, without its extensions. */
export function moduleFileName(file: string): string {
  return (file.split("/").at(-1) ?? "").replace(/\.ko(\.gz)?$/, "");
}
