import { existsSync, readFileSync, statSync } from "node:fs";
import { machine } from "node:os";
import { basename, join, resolve } from "node:path";
import { KheadersError } from "../../../shared/errors.js";
import { printable } from "../../../shared/printable.js";
import { readTreeFacts } from "../../kernel/tree-facts.js";
import { runBuild } from "../../process/run-build.js";
import type { PullOptions } from "../../pull/options.js";
import { type LocatedTree, withTree } from "../../pull/tree/locate.js";
import { readModuleFile } from "../../symvers/module-file.js";
import { isComplete, parseSymvers } from "../../symvers/symvers-file.js";
import { findKbuildSource, type KbuildSource } from "../kbuild/source.js";
import { headerWarnings } from "../tree-warnings.js";
import { chooseCompiler, compilerWarning } from "./compiler.js";
import { kbuildFor, kernelFolder, type LentKbuild } from "./kernel-folder.js";
import { assertPathForMake, modulesIn, toolArguments, withStamp } from "./make-arguments.js";
import { symversFor } from "./module-symvers.js";

/** What to build, for which kernel. */
export interface ModuleOptions {
  /** The folder with the module's `Kbuild` or `Makefile`. */
  readonly dir: string;
  /** As `withTree` takes it: undefined for the device's. */
  readonly tree: string | undefined;
  /**
   * What lends its build system, if the headers have none that runs here: a kernel source of the same series, as a folder or
   * a tar archive, or a folder that builds modules. Undefined for the last one that was used for the series.
   */
  readonly kbuild: string | undefined;
  /** Builds with a compiler of another version than the kernel's, also if the kernel has kCFI or LTO. */
  readonly force: boolean;
  /** More arguments for make; they come after those of kheaders. */
  readonly makeArguments: readonly string[];
  /** How to reach the device, and the cache. */
  readonly pull: PullOptions;
  /** Gets what make prints, as it comes. */
  readonly onOutput: (text: Uint8Array) => void;
}

/** A module that was built. */
export interface BuiltModule {
  /** Absolute path of its `.ko` file. */
  readonly path: string;
  /** Symbols that it needs and whose version is unknown, because no module on the device imports them. */
  readonly unknownSymbols: readonly string[];
}

/** What a build made. */
export interface ModuleBuildResult {
  readonly modules: readonly BuiltModule[];
  /** The kernel that they are for. */
  readonly release: string;
  /** The folder that make worked with as the kernel's. */
  readonly kernelFolder: string;
  /** `Module.symvers` with the symbol versions; undefined if there are none. */
  readonly symvers: string | undefined;
  /** What lent its build system; undefined if the headers have their own. */
  readonly kbuild: LentKbuild | undefined;
}

const makeHint = "Install GNU make (Debian: apt install make).";

/**
 * Builds a kernel's modules out of a folder: with the build system of the tree if it has one (the original patch's archives),
 * else with one that a kernel source lends; with the workstation's compiler of the kind and version that built the kernel;
 * and with symbol versions. A cached tree stays as it is: make works in a folder beside it.
 *
 * @throws KheadersError `compile-failed` if make fails; `tool-missing` if make, the compiler or the build tools cannot be run;
 * `usage` for a tree of headers alone without a source, a source of another series, a compiler of another version than that of
 * a kernel with kCFI or LTO, a folder without a Makefile, and paths with blanks; what collecting symbol versions throws; the
 * signal's reason when it aborts.
 */
export async function buildModule(options: ModuleOptions): Promise<ModuleBuildResult> {
  const dir = moduleFolder(options.dir);
  const named = options.kbuild === undefined ? undefined : findKbuildSource(options.kbuild);
  return withTree(options.tree, options.pull, (located) => buildFor(located, dir, named, options));
}

async function buildFor(
  located: LocatedTree,
  dir: string,
  named: KbuildSource | undefined,
  options: ModuleOptions,
): Promise<ModuleBuildResult> {
  const { makeArguments, onOutput, pull } = options;
  const { signal, onProgress } = pull;
  const warn = (message: string | undefined) => {
    if (message !== undefined) onProgress({ type: "warning", message });
  };
  const facts = readTreeFacts(located.tree);
  for (const message of headerWarnings(facts)) warn(message);
  const source = await kbuildFor(facts, named, pull);
  const compiler = await chooseCompiler(facts, machine(), makeArguments, signal);
  warn(compilerWarning(facts, compiler, options.force));
  if (facts.config.has("CONFIG_MODULE_SIG_FORCE")) warn(signedAlone);
  const { variables } = compiler;
  const isVersioned = facts.config.has("CONFIG_MODVERSIONS");
  const symvers = isVersioned ? await symversFor(located, pull) : undefined;
  const kernel = await kernelFolder(located, facts, source, symvers, {
    pull,
    variables: [...variables, ...toolArguments(makeArguments)],
    onOutput,
  });
  onProgress({ type: "stage", stage: "building", detail: printable(dir, 400) });
  const all = ["-C", kernel.path, `M=${dir}`, ...variables, "modules"];
  const status = await runBuild("make", [...all, ...withStamp(makeArguments, kernel.path)], {
    signal,
    onOutput,
    hint: makeHint,
  });
  if (status !== 0) {
    throw new KheadersError(
      "compile-failed",
      `${printable(dir, 4096)} does not build: make ended with status ${status}`,
      { hint: "See its output above." },
    );
  }
  const modules = builtModules(dir, symvers !== undefined);
  const hasAllSymbols =
    symvers !== undefined && isComplete(parseSymvers(readFileSync(symvers, "utf8"), symvers));
  for (const { path, unknownSymbols } of modules)
    if (unknownSymbols.length > 0) warn(unknownWarning(path, unknownSymbols, hasAllSymbols));
  return {
    modules,
    release: facts.release,
    kernelFolder: kernel.path,
    symvers,
    kbuild: kernel.kbuild,
  };
}

/** The folder with the module, as make gets it. */
function moduleFolder(dir: string): string {
  const folder = resolve(dir);
  const hasMakefile = ["Kbuild", "Makefile"].some((name) => existsSync(join(folder, name)));
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory() || !hasMakefile) {
    throw new KheadersError("usage", `${printable(dir, 4096)} has no Kbuild or Makefile`, {
      hint: "It needs at least a line such as: obj-m := hello.o",
    });
  }
  assertPathForMake(folder, "the module's folder", "Move it, or build in a copy.");
  return folder;
}

function builtModules(dir: string, hasVersions: boolean): BuiltModule[] {
  const order = join(dir, "modules.order");
  if (!existsSync(order)) return [];
  return modulesIn(readFileSync(order, "utf8"), dir)
    .filter((path) => existsSync(path))
    .map((path) => {
      if (!hasVersions) return { path, unknownSymbols: [] };
      const { imports, versions } = readModuleFile(readFileSync(path));
      return { path, unknownSymbols: imports.filter((symbol) => !versions.has(symbol)).sort() };
    });
}

const signedAlone =
  "the kernel loads signed modules alone (CONFIG_MODULE_SIG_FORCE), and a build does not sign: it refuses the module " +
  "unless you sign it with a key that it trusts (scripts/sign-file)";

function unknownWarning(path: string, symbols: readonly string[], hasAllSymbols: boolean): string {
  const module = printable(basename(path));
  const names = symbols.map((symbol) => printable(symbol)).join(", ");
  if (hasAllSymbols)
    return `${module} needs symbols that the kernel and its modules do not export: ${names}. The kernel refuses the module`;
  return (
    `${module} needs symbols that no module on the device imports, so their versions are unknown: ${names}. ` +
    "The kernel refuses the module if it does not export them or requires their versions"
  );
}
