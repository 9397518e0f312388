import { lstatSync, readFileSync, realpathSync, statSync } from "node:fs";
import path from "node:path";
import { errnoOf, KheadersError } from "../../../shared/errors.js";
import { printable } from "../../../shared/printable.js";
import { autoconfPath, releaseIn, releasePath } from "../../kernel/belonging.js";
import { type ConfigMacros, parseAutoconf } from "../../kernel/config.js";

/** A folder that a kernel was built or prepared in, with its generated headers: a build tree, `linux-headers`, `kernel-headers`. */
export interface KernelTree {
  /** Where the generated headers lie. */
  readonly folder: string;
  /** As the user knows it. */
  readonly from: string;
  /** Whether it came out of a container, and so may not name folders of this machine. */
  readonly isExtracted: boolean;
}

/** Headers that all builds of one source share, without generated ones: `linux-headers-…-common`, a source tree. */
export interface SourceTree {
  readonly folder: string;
  readonly from: string;
}

/** What a tree takes from where, for {@link packTree}. */
export interface TreeParts {
  /** Folders whose headers make up the tree; a later one's go before an earlier one's. */
  readonly folders: readonly string[];
  /** The folder in `arch/`. */
  readonly sourceName: string;
  readonly release: string;
}

const maxText = 8 * 1024 * 1024;
const maxMakefile = 256 * 1024;
/** A header of the source, which is not generated. */
const sourceHeader = "include/linux/kernel.h";

/** Whether a folder is a {@link KernelTree}. */
export function isKernelTree(folder: string): boolean {
  return isFile(path.join(folder, releasePath)) && isFile(path.join(folder, autoconfPath));
}

/** Whether a folder is a {@link SourceTree}. */
export function isSourceTree(folder: string): boolean {
  return isFile(path.join(folder, sourceHeader)) && isFile(path.join(folder, "Makefile"));
}

/**
 * Finds where the headers of a tree lie: in it, and in the source tree that it names, as for `make O=` and Debian's
 * packages. One that came out of a container finds its source tree beside it, or among `sources`.
 *
 * Throws `usage` if its source tree is not there, or its architecture is not known.
 */
export function partsOf(tree: KernelTree, sources: readonly SourceTree[]): TreeParts {
  const { folder, from } = tree;
  const release = releaseIn(readText(folder, releasePath, maxText));
  if (release === undefined)
    throw new KheadersError(
      "file-refused",
      `${printable(from, 400)}: ${releasePath} does not define its release`,
    );
  const sourceName = sourceNameOf(parseAutoconf(readText(folder, autoconfPath, maxText)));
  if (sourceName === undefined)
    throw new KheadersError(
      "file-refused",
      `${printable(from, 400)}: its configuration is of an unknown architecture`,
    );
  if (isFile(path.join(folder, sourceHeader))) return { folders: [folder], sourceName, release };
  return { folders: [sourceOf(tree, sources), folder], sourceName, release };
}

function sourceOf({ folder, from, isExtracted }: KernelTree, sources: readonly SourceTree[]): string {
  const named = namedSource(folder);
  const name = named === undefined ? undefined : path.basename(named);
  const beside = name === undefined ? [] : [path.join(path.dirname(folder), name)];
  const given = sources.filter((source) => name === undefined || path.basename(source.folder) === name);
  const places = [
    ...(isExtracted || named === undefined ? [] : [path.resolve(folder, named)]),
    ...beside,
    ...given.map((source) => source.folder),
  ];
  const found = places.find((place) => isSourceTree(place));
  if (found !== undefined) return realpathSync(found);
  throw new KheadersError(
    "usage",
    `${printable(from, 400)} has the generated headers alone; those of its source${name === undefined ? "" : `, ${printable(name)},`} are not there`,
    { hint: "Give the source tree (or the -common package) as another SOURCE." },
  );
}

/** The source tree that a build folder names: by `source`, or by its Makefile (Linux Makefile, `outputmakefile`; Debian's). */
function namedSource(folder: string): string | undefined {
  if (!isFile(path.join(folder, "Makefile"))) return undefined;
  const makefile = readText(folder, "Makefile", maxMakefile);
  const [, included, called] = /^(?:include (\S+)\/Makefile|MAKEARGS := -C (\S+))$/m.exec(makefile) ?? [];
  return included ?? called;
}

/** The folder in `arch/` of a configuration (Linux arch/*\/Kconfig). */
function sourceNameOf(config: ConfigMacros): string | undefined {
  const options = { CONFIG_X86: "x86", CONFIG_ARM64: "arm64", CONFIG_ARM: "arm", CONFIG_RISCV: "riscv" };
  return Object.entries(options).find(([option]) => config.has(option))?.[1];
}

function readText(folder: string, name: string, maxBytes: number): string {
  const file = path.join(folder, name);
  if (statSync(file).size > maxBytes)
    throw new KheadersError("file-refused", `${printable(file, 400)} is over the limit of ${maxBytes} bytes`);
  return readFileSync(file, "utf8");
}

/** Whether a file is there; not in a folder that we may not look into. */
function isFile(file: string): boolean {
  try {
    return lstatSync(file, { throwIfNoEntry: false })?.isFile() === true;
  } catch (error) {
    if (errnoOf(error) === "EACCES") return false;
    throw error;
  }
}
