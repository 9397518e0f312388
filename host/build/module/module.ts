import { existsSync, readFileSync, statSync } from "node:fs";
import { machine } from "node:os";
import { basename, join, resolve } from "node:path";
import { KheadersError } from "../../../shared/errors.js";
import { printable } from "../../../shared/printable.js";
import { readTreeFacts, type TreeFacts } from "../../kernel/tree-facts.js";
import { runBuild } from "../../process/run-build.js";
import { runTool } from "../../process/tool.js";
import type { PullOptions } from "../../pull/options.js";
import { type LocatedTree, withTree } from "../../pull/tree/locate.js";
import { readModuleFile } from "../../symvers/module-file.js";
import { readBuildTools } from "../build-tools.js";
import { headerWarnings } from "../tree-warnings.js";
import { buildFolder } from "./build-folder.js";
import { assertPathForMake, moduleBuild, modulesIn } from "./make-arguments.js";
import { symversFor } from "./module-symvers.js";

/** What to build, for which kernel. */
export interface ModuleOptions {
  /** The folder with the module's `Kbuild` or `Makefile`. */
  readonly dir: string;
  /** As `withTree` takes it: undefined for the device's. */
  readonly tree: string | undefined;
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
}

const makeHint = "Install GNU make (Debian: apt install make).";
const compilerHint =
  "Install the compiler (Debian: apt install gcc, or clang lld llvm), or name another after --, as in: -- CC=gcc-12";

/**
 * Builds a kernel's modules out of a folder, for a tree that can build modules (the original patch's archives): with the
 * workstation's compiler of the kind that built the kernel, and with symbol versions. A cached tree stays as it is: make works
 * in a copy.
 *
 * @throws KheadersError `compile-failed` if make fails; `tool-missing` if make, the compiler or the tree's own build tools cannot
 * be run; `usage` for a tree with headers only, a folder without a Makefile, and paths with blanks; what collecting symbol
 * versions throws; the signal's reason when it aborts.
 */
export async function buildModule(options: ModuleOptions): Promise<ModuleBuildResult> {
  const dir = moduleFolder(options.dir);
  return withTree(options.tree, options.pull, (located) => buildFor(located, dir, options));
}

async function buildFor(
  located: LocatedTree,
  dir: string,
  options: ModuleOptions,
): Promise<ModuleBuildResult> {
  const { makeArguments, onOutput } = options;
  const { signal, onProgress } = options.pull;
  const facts = readTreeFacts(located.tree);
  assertBuildsModules(facts);
  for (const message of headerWarnings(facts)) onProgress({ type: "warning", message });
  await assertToolsRun(facts.tree, signal);
  const { variables, compiler } = moduleBuild(facts, machine());
  if (!makeArguments.some((argument) => /^(CC|LLVM|CROSS_COMPILE)=/.test(argument)))
    await runTool(compiler, ["--version"], { signal, hint: compilerHint });
  const isVersioned = facts.config.has("CONFIG_MODVERSIONS");
  const symvers = isVersioned ? await symversFor(located, options.pull) : undefined;
  const kernelFolder = await kernelFolderOf(located, symvers, options.pull);
  onProgress({ type: "stage", stage: "building", detail: printable(dir, 400) });
  const all = ["-C", kernelFolder, `M=${dir}`, ...variables, "modules", ...makeArguments];
  const status = await runBuild("make", all, { signal, onOutput, hint: makeHint });
  if (status !== 0) {
    throw new KheadersError(
      "compile-failed",
      `${printable(dir, 4096)} does not build: make ended with status ${status}`,
      {
        hint: "See its output above.",
      },
    );
  }
  const modules = builtModules(dir, symvers !== undefined);
  for (const { path, unknownSymbols } of modules)
    if (unknownSymbols.length > 0) onProgress(warningOf(path, unknownSymbols));
  return { modules, release: facts.release, kernelFolder, symvers };
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

function assertBuildsModules(facts: TreeFacts): void {
  if (facts.flavour === "modules") return;
  throw new KheadersError(
    "usage",
    `modules cannot be built from headers alone: the archive of ${printable(facts.release)} has no Makefile and no scripts/`,
    {
      hint:
        "Mainline kernels offer only that. Build with the kernel's own build folder, or with headers of a kernel that has the " +
        "original patch (CONFIG_IKHEADERS_PROC).",
    },
  );
}

/** Build tools of another machine may still run, if its programs are emulated. */
async function assertToolsRun(tree: string, signal: AbortSignal): Promise<void> {
  const tools = readBuildTools(tree, { platform: process.platform, machine: machine() });
  if (tools?.runHere) return;
  const hint =
    "Build modules on such a machine, or emulate its programs (Debian: apt install qemu-user-static).";
  if (tools === undefined)
    throw new KheadersError("tool-missing", "the tree's scripts/ has no built programs (fixdep, modpost)", {
      hint: "Pull the headers again: kheaders pull --refresh",
    });
  if (await saysUsage(join(tree, "scripts/basic/fixdep"), signal)) return;
  throw new KheadersError(
    "tool-missing",
    `the tree's build tools were made for ${tools.machine} and do not run on this workstation (${machine()})`,
    { hint },
  );
}

/** Whether a tool runs. Its status does not say so: the C library has a shell run what the kernel does not. */
async function saysUsage(program: string, signal: AbortSignal): Promise<boolean> {
  try {
    return /usage/i.test((await runTool(program, [], { signal, hint: "" })).stderr);
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

async function kernelFolderOf(
  located: LocatedTree,
  symvers: string | undefined,
  options: PullOptions,
): Promise<string> {
  const folder = await buildFolder(located, symvers, options);
  assertPathForMake(
    folder,
    located.digest === undefined ? "the tree" : "the cache",
    "Choose another folder, with --cache-dir or --tree.",
  );
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

function warningOf(path: string, symbols: readonly string[]): { type: "warning"; message: string } {
  const names = symbols.map((symbol) => printable(symbol)).join(", ");
  return {
    type: "warning",
    message:
      `${printable(basename(path))} needs symbols that no module on the device imports, so their versions are unknown: ${names}. ` +
      "The kernel refuses the module if it does not export them or requires their versions",
  };
}
