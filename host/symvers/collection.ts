import { KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import type { ConfigMacros } from "../kernel/config.js";
import { MalformedElf } from "../kernel/elf-sections.js";
import { type ModuleFile, maxModule, readPackedModule } from "./module-file.js";
import { moduleFileName, SymbolVersions } from "./versions.js";

/** A file with a module on a device. */
interface SizedFile {
  readonly path: string;
  readonly size: number;
}

/** A module that was left out. */
export interface SkippedModule {
  /** As the device spells it; not printable as it is. */
  readonly path: string;
  readonly reason: string;
}

/** The kernel whose symbol versions are collected, as its headers say. */
interface Kernel {
  readonly release: string;
  readonly config: ConfigMacros;
}

/** A module that was read, and not compared yet. */
interface ReadModule {
  readonly path: string;
  readonly module: ModuleFile;
}

const MiB = 1024 * 1024;
/** The largest compressed module. It is held in memory together with its unpacked form. */
const maxCompressed = 32 * MiB;
/** The most bytes that all modules together may have. A full distribution's have some 500 MB. */
const maxTotal = 4 * 1024 * MiB;
/** The most symbols that all modules together import and export. A phone's modules have some 80,000, a distribution's 250,000. */
const maxSymbols = 500_000;
/** The most bytes that their names have together. */
const maxSymbolBytes = 16 * MiB;
/** Devices that can change their page size have the modules for the other one beside theirs. */
const otherPages = /\/16k-mode\//;

/**
 * Collects symbol versions from a device's modules, which come one after the other. Of the modules that were built for
 * exactly the running release those that are loaded are trusted first, then the others; then those of other releases in
 * the same order. A module that contradicts one that was trusted before it is of another kernel and is left out.
 */
export class SymbolCollection<File extends SizedFile> {
  /** The modules to read. */
  readonly wanted: readonly File[];
  readonly versions = new SymbolVersions();
  readonly #release: string;
  readonly #loaded: ReadonlySet<string>;
  /** How many modules have a name. */
  readonly #names = new Map<string, number>();
  readonly #skipped: SkippedModule[] = [];
  readonly #read: ReadModule[] = [];
  #symbols = 0;
  #symbolBytes = 0;
  #modules = 0;

  /**
   * Throws `protocol-error` if `files`, the device's module files, have more bytes than any device has.
   *
   * @param loaded names of the modules that are loaded.
   */
  constructor(files: readonly File[], kernel: Kernel, loaded: ReadonlySet<string>) {
    this.#release = kernel.release;
    this.#loaded = loaded;
    const skip = (file: File, reason: string) => {
      this.#skipped.push({ path: file.path, reason });
      return false;
    };
    const has16kPages = kernel.config.has("CONFIG_ARM64_16K_PAGES");
    const hasBoth = files.some(({ path }) => otherPages.test(path));
    const isOfOtherRelease = otherReleases(files, kernel.release);
    this.wanted = files.filter((file) => {
      if (!/\.ko(\.gz|\.xz|\.zst)?$/.test(file.path) || isOfOtherRelease(file)) return false;
      if (hasBoth && otherPages.test(file.path) !== has16kPages) return false;
      if (/\.(xz|zst)$/.test(file.path)) return skip(file, "it is compressed, but not with gzip");
      const max = file.path.endsWith(".gz") ? maxCompressed : maxModule;
      return file.size <= max || skip(file, "it is too large");
    });
    const total = this.wanted.reduce((sum, { size }) => sum + size, 0);
    if (total > maxTotal)
      throw new KheadersError(
        "protocol-error",
        `the device's modules have ${total} bytes: no more than ${maxTotal} are read`,
      );
  }

  /** How many modules were used. */
  get modules(): number {
    return this.#modules;
  }

  get skipped(): readonly SkippedModule[] {
    return this.#skipped;
  }

  /** Adds a module. Throws `protocol-error` if the modules have more symbols than any device's. */
  add({ path }: File, content: Uint8Array): void {
    try {
      const module = readPackedModule(path, content);
      const name = nameOf(module, path);
      this.#names.set(name, (this.#names.get(name) ?? 0) + 1);
      this.#count(module);
      this.#read.push({ path, module: { ...module, imports: [] } });
    } catch (error) {
      if (!(error instanceof MalformedElf)) throw error;
      this.#skipped.push({ path, reason: error.message });
    }
  }

  /**
   * Joins the versions. To be called after the last module. Throws `symbol-conflict` if two modules contradict each other
   * and nothing tells which of them is of the running kernel.
   */
  end(): void {
    const read = this.#read.splice(0);
    const isOfRelease = ({ module }: ReadModule) => module.vermagic?.split(" ")[0] === this.#release;
    // Of two files with one name, either may be the one that is loaded. Other releases may still fit: GKI keeps its versions.
    const isLoaded = ({ path, module }: ReadModule) => {
      const name = nameOf(module, path);
      return this.#loaded.has(name) && this.#names.get(name) === 1;
    };
    const own = read.filter(isOfRelease);
    const others = read.filter((module) => !isOfRelease(module));
    for (const modules of [own, others]) {
      this.#takeFitting(modules.filter(isLoaded));
      this.#takeFitting(modules.filter((module) => !isLoaded(module)));
    }
  }

  /** Compares all of them with what is known to be of this kernel before it trusts any of them. */
  #takeFitting(modules: readonly ReadModule[]): void {
    const strangers = new Set(modules.filter(({ module }) => this.versions.contradicts(module)));
    for (const { path, module } of modules.filter((one) => !strangers.has(one))) {
      this.versions.add(module, path);
      this.#modules += 1;
    }
    for (const { path } of strangers) this.#skipped.push({ path, reason: "it was built for another kernel" });
  }

  #count({ versions, exports }: ModuleFile): void {
    const names = [...versions.keys(), ...exports.keys()];
    this.#symbols += names.length;
    for (const name of names) this.#symbolBytes += name.length;
    if (this.#symbols > maxSymbols || this.#symbolBytes > maxSymbolBytes)
      throw new KheadersError("protocol-error", "the device's modules name more symbols than any kernel has");
  }
}

/** A module's name, as in /proc/modules. */
function nameOf({ name }: ModuleFile, path: string): string {
  return name ?? moduleFileName(path).replaceAll("-", "_");
}

/** Why modules were left out, a line for each reason. */
export function describeSkipped(skipped: readonly SkippedModule[]): string[] {
  const byReason = new Map<string, string[]>();
  for (const { path, reason } of skipped) {
    const paths = byReason.get(reason);
    if (paths === undefined) byReason.set(reason, [path]);
    else paths.push(path);
  }
  return Array.from(byReason, ([reason, [first = "", ...more]]) => {
    const others = more.length === 0 ? "" : ` and ${more.length} more`;
    return `left out ${printable(first)}${others}: ${printable(reason)}`;
  });
}

/**
 * Finds files in the folder of another release, `lib/modules/RELEASE/`, beside one of the running release: they are of
 * another kernel. If there is only a folder of another release it may be in use: GKI kernels take modules of older ones.
 */
function otherReleases(files: readonly SizedFile[], release: string): (file: SizedFile) => boolean {
  const placeOf = ({ path }: SizedFile) => {
    const [, base, folder] = /^(.*\/lib\/modules\/)(\d+\.\d+[^/]*)\//.exec(path) ?? [];
    return { base, folder };
  };
  const places = files.map(placeOf);
  const bases = new Set(places.filter(({ folder }) => folder === release).map(({ base }) => base));
  return (file) => {
    const { base, folder } = placeOf(file);
    return folder !== undefined && folder !== release && bases.has(base);
  };
}
