import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { KheadersError, reasonOf } from "../../../shared/errors.js";
import { printable } from "../../../shared/printable.js";
import { MalformedElf } from "../../kernel/elf-sections.js";
import { readTreeFacts, type TreeFacts } from "../../kernel/tree-facts.js";
import type { PullOptions } from "../../pull/options.js";
import { type LocatedTree, withTree } from "../../pull/tree/locate.js";
import { type ModuleFile, maxModule, readPackedModule } from "../../symvers/module-file.js";
import { isComplete, maxSymversBytes, parseSymvers } from "../../symvers/symvers-file.js";
import { headerWarnings } from "../tree-warnings.js";
import { type Misfit, misfitsOf, type TargetKernel } from "./fit.js";
import { findSymvers } from "./module-symvers.js";
import { readVermagic } from "./vermagic.js";

/** Which modules to check, against which kernel. */
export interface CheckModulesOptions {
  /** Module files, and folders of them. */
  readonly paths: readonly string[];
  /** As `withTree` takes it: undefined for the device's. */
  readonly tree: string | undefined;
  /** A path, or a name in PATH: it reads the kernel's version magic. */
  readonly clang: string;
  /** How to reach the device, and the cache. */
  readonly pull: PullOptions;
}

/** Whether a kernel would load a module. */
export interface CheckedModule {
  /** As it was given, or found in a folder that was given. */
  readonly file: string;
  readonly fits: "yes" | "no" | "unknown";
  readonly misfits: readonly Misfit[];
  /** The modules that must be loaded before it, sorted. */
  readonly needs: readonly string[];
}

/** What a check found. */
export interface ModuleCheck {
  /** The kernel's. */
  readonly release: string;
  readonly modules: readonly CheckedModule[];
}

interface NamedModule {
  readonly file: string;
  readonly module: ModuleFile;
}

/** The most modules that are checked together. A distribution's kernel has some 4,000. */
const maxModules = 20_000;

/**
 * Tells whether a kernel would load modules, without loading them. Files are read before a device is asked.
 *
 * @throws KheadersError `usage` if a file is not a module, or a folder has none; what pulling headers and collecting symbol
 * versions throws; the signal's reason when it aborts.
 */
export async function checkModules(options: CheckModulesOptions): Promise<ModuleCheck> {
  const modules = options.paths.flatMap((path) => moduleFilesIn(path)).map((file) => readModule(file));
  return withTree(options.tree, options.pull, async (located) => {
    const kernel = await targetKernel(located, modules, options);
    return { release: kernel.release, modules: modules.map((module) => checked(module, kernel)) };
  });
}

function checked({ file, module }: NamedModule, kernel: TargetKernel): CheckedModule {
  const misfits = misfitsOf(module, kernel);
  const isMisfit = misfits.some(({ fits }) => fits === "no");
  const owners = module.imports.map((name) => kernel.symbols.get(name)?.module ?? "vmlinux");
  const needs = [...new Set(owners)].filter((owner) => owner !== "vmlinux").sort();
  return { file, fits: isMisfit ? "no" : misfits.length > 0 ? "unknown" : "yes", misfits, needs };
}

async function targetKernel(
  located: LocatedTree,
  modules: readonly NamedModule[],
  { clang, pull }: CheckModulesOptions,
): Promise<TargetKernel> {
  const facts = readTreeFacts(located.tree);
  for (const message of headerWarnings(facts)) pull.onProgress({ type: "warning", message });
  const symvers = await findSymvers(located, pull);
  if (symvers.path === undefined) pull.onProgress({ type: "warning", message: symvers.reason });
  const symbols =
    symvers.path === undefined ? new Map() : parseSymvers(readSymvers(symvers.path), symvers.path);
  return {
    release: facts.release,
    machine: facts.architecture.sourceName === "arm" ? "arm" : facts.architecture.machine,
    vermagic: await vermagicOf(facts, clang, pull.signal),
    config: facts.config,
    symbols,
    hasAllSymbols: isComplete(symbols),
    possibleNamespaces: symvers.path === undefined ? {} : (symvers.record?.possibleNamespaces ?? {}),
    exportedBeside: new Set(modules.flatMap(({ module }) => [...module.exports.keys()])),
  };
}

async function vermagicOf(facts: TreeFacts, clang: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    return await readVermagic(facts, clang, signal);
  } catch (error) {
    if (error instanceof KheadersError && error.code === "tool-missing") return undefined;
    throw error;
  }
}

function readSymvers(path: string): string {
  if (statSync(path).size > maxSymversBytes)
    throw new KheadersError("usage", `${printable(path, 4096)} is too large to be a Module.symvers`);
  return readFileSync(path, "utf8");
}

/** The module files that a path means: the file itself, or those in the folder and below. */
function moduleFilesIn(path: string): string[] {
  if (!statOf(path).isDirectory()) return [path];
  const names = readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.ko(?:\.\w+)?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  if (names.length === 0 || names.length > maxModules) {
    const reason = names.length === 0 ? "has no modules (.ko)" : `has more than ${maxModules} modules`;
    throw new KheadersError("usage", `${printable(path, 4096)} ${reason}`);
  }
  return names;
}

function statOf(path: string) {
  try {
    return statSync(path);
  } catch (cause) {
    throw new KheadersError("usage", `cannot read ${printable(path, 4096)}: ${reasonOf(cause)}`, { cause });
  }
}

function readModule(file: string): NamedModule {
  const stat = statOf(file);
  const reason = /\.(?:xz|zst|lz4)$/.test(file)
    ? "it is compressed, but not with gzip: unpack it first"
    : !stat.isFile()
      ? "it is not a regular file"
      : stat.size > maxModule
        ? "it is too large"
        : undefined;
  if (reason !== undefined) throw notAModule(file, reason);
  try {
    return { file, module: readPackedModule(file, readFileSync(file)) };
  } catch (cause) {
    throw notAModule(file, cause instanceof MalformedElf ? cause.message : reasonOf(cause), cause);
  }
}

function notAModule(file: string, reason: string, cause?: unknown): KheadersError {
  return new KheadersError("usage", `${printable(file, 4096)} is not a kernel module: ${reason}`, { cause });
}
