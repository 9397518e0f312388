import { gunzipSync } from "node:zlib";
import { KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import type { ConfigMacros } from "../kernel/config.js";
import { MalformedElf } from "../kernel/elf-sections.js";
import { readModuleFile } from "./module-file.js";
import { SymbolVersions } from "./versions.js";

/** A file with a module on a device. */
interface SizedFile {
  readonly path: string;
  readonly size: number;
}

/** A module that tells nothing. */
export interface SkippedModule {
  /** As the device spells it; not printable as it is. */
  readonly path: string;
  readonly reason: string;
}

/** The largest module that is read, in bytes; also unpacked. Graphics drivers with their debug symbols have some 100 MB. */
const largestModule = 256 * 1024 * 1024;
/** What all modules together may have. A full distribution's have some 500 MB. */
const largestTotal = 4 * 1024 * 1024 * 1024;
/** Devices that can change their page size have the modules for the other one beside theirs. */
const otherPages = /\/16k-mode\//;

/** Makes symbol versions of a device's modules, which come one after the other. */
export class SymbolCollection<File extends SizedFile> {
  /** The modules to read. */
  readonly wanted: readonly File[];
  readonly versions = new SymbolVersions();
  readonly #skipped: SkippedModule[] = [];
  #modules = 0;

  /**
   * @param files the device's module files.
   * @param config of its kernel.
   * @throws KheadersError `protocol-error` for more bytes than any device has.
   */
  constructor(files: readonly File[], config: ConfigMacros) {
    const skip = (file: File, reason: string) => {
      this.#skipped.push({ path: file.path, reason });
      return false;
    };
    const has16kPages = config.has("CONFIG_ARM64_16K_PAGES");
    const hasBoth = files.some(({ path }) => otherPages.test(path));
    this.wanted = files.filter((file) => {
      if (/\.ko\.(xz|zst)$/.test(file.path)) return skip(file, "it is compressed, and not with gzip");
      if (!/\.ko(\.gz)?$/.test(file.path)) return false;
      if (hasBoth && otherPages.test(file.path) !== has16kPages) return false;
      return file.size <= largestModule || skip(file, "it is too large");
    });
    const total = this.wanted.reduce((sum, { size }) => sum + size, 0);
    if (total > largestTotal)
      throw new KheadersError(
        "protocol-error",
        `the device's modules have ${total} bytes: no more than ${largestTotal} are read`,
      );
  }

  /** How many modules told something. */
  get modules(): number {
    return this.#modules;
  }

  get skipped(): readonly SkippedModule[] {
    return this.#skipped;
  }

  /** Takes in a module. @throws KheadersError `symbol-conflict` where it and another one are of two kernels. */
  add({ path }: File, content: Uint8Array): void {
    try {
      const module = readModuleFile(path.endsWith(".gz") ? unpack(content) : content);
      this.versions.add(module, path);
      this.#modules += 1;
    } catch (error) {
      if (!(error instanceof MalformedElf)) throw error;
      this.#skipped.push({ path, reason: error.message });
    }
  }
}

/** Why modules were left out, a line for each reason. */
export function describeSkipped(skipped: readonly SkippedModule[]): string[] {
  const byReason = new Map<string, string[]>();
  for (const { path, reason } of skipped) byReason.set(reason, (byReason.get(reason) ?? []).concat(path));
  return Array.from(byReason, ([reason, [first = "", ...more]]) => {
    const others = more.length === 0 ? "" : ` and ${more.length} more`;
    return `left out ${printable(first)}${others}: ${printable(reason)}`;
  });
}

function unpack(content: Uint8Array): Buffer {
  try {
    return gunzipSync(content, { maxOutputLength: largestModule });
  } catch {
    throw new MalformedElf("it cannot be unpacked");
  }
}
