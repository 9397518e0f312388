import { machine } from "node:os";
import { join } from "node:path";
import { KheadersError } from "../../../shared/errors.js";
import { printable } from "../../../shared/printable.js";
import type { TreeFacts } from "../../kernel/tree-facts.js";
import { versionOfTree, versionText } from "../../kernel/version.js";
import { runTool } from "../../process/tool.js";
import type { PullOptions } from "../../pull/options.js";
import type { LocatedTree } from "../../pull/tree/locate.js";
import { readBuildTools } from "../build-tools.js";
import { lastKbuildSource } from "../kbuild/last-source.js";
import { describeDifferences, lentFolder } from "../kbuild/lent-folder.js";
import type { KbuildSource } from "../kbuild/source.js";
import { buildFolder, placeSymvers } from "./build-folder.js";
import { assertPathForMake } from "./make-arguments.js";

/** The build system of another kernel that a module is built with. */
export interface LentKbuild {
  /** Absolute path of the source or folder that lent it. */
  readonly source: string;
  /** Its version, as `6.1.57`. */
  readonly version: string;
  /** Headers of the kernel that the source has otherwise or not at all, by their paths; sorted. */
  readonly differingHeaders: readonly string[];
}

/** What make works with as the kernel's. */
export interface KernelFolder {
  readonly path: string;
  /** Undefined if the tree has its own build system. */
  readonly kbuild: LentKbuild | undefined;
}

/** How to get the folder. */
export interface KernelFolderOptions {
  readonly pull: PullOptions;
  /** Variables for make, as `NAME=value`. */
  readonly variables: readonly string[];
  readonly onOutput: (text: Uint8Array) => void;
}

/**
 * Decides whose build system builds a kernel's modules: the tree's own if it has one that runs here, else that of a source.
 *
 * @returns the source; undefined for the tree's own.
 * @throws KheadersError `usage` if the tree has headers alone and no source is known, or the last one cannot be read;
 * `tool-missing` if the tree's own build tools do not run here and no source is known; the signal's reason when it aborts.
 */
export async function kbuildFor(
  facts: TreeFacts,
  named: KbuildSource | undefined,
  { cache, signal, onProgress }: PullOptions,
): Promise<KbuildSource | undefined> {
  const series = seriesOf(facts);
  const tools =
    facts.flavour === "modules"
      ? readBuildTools(facts.tree, { platform: process.platform, machine: machine() })
      : undefined;
  if (tools?.runHere) {
    const message = "the headers come with their own build system, which is used";
    if (named !== undefined) onProgress({ type: "notice", message });
    return undefined;
  }
  const source = named ?? (await lastKbuildSource(series, cache));
  if (source !== undefined) return source;
  if (facts.flavour === "headers") throw headersAlone(facts, series);
  // Build tools of another machine may still run, if its programs are emulated.
  if (await saysUsage(join(facts.tree, "scripts/basic/fixdep"), signal)) return undefined;
  throw toolsDoNotRun(tools?.machine, series);
}

/** Makes the folder, or finds the one that was made before, and puts the symbol versions into it. */
export async function kernelFolder(
  located: LocatedTree,
  facts: TreeFacts,
  source: KbuildSource | undefined,
  symvers: string | undefined,
  options: KernelFolderOptions,
): Promise<KernelFolder> {
  const { pull } = options;
  if (source === undefined) {
    const path = await buildFolder(located, symvers, pull);
    assertFolderForMake(path, located);
    return { path, kbuild: undefined };
  }
  const { cache, signal, onProgress } = pull;
  assertFolderForMake(cache.dir, located);
  const { variables, onOutput } = options;
  const lent = await lentFolder(located, facts, source, { cache, signal, onProgress, variables, onOutput });
  await cache.rememberKbuildSource(lent.version.series, source.path);
  const message = describeDifferences(lent, facts);
  if (message !== undefined) onProgress({ type: "warning", message });
  placeSymvers(lent.path, symvers);
  const { differingHeaders } = lent;
  return {
    path: lent.path,
    kbuild: { source: source.path, version: versionText(lent.version), differingHeaders },
  };
}

function assertFolderForMake(folder: string, { digest }: LocatedTree): void {
  const whose = digest === undefined ? "the tree" : "the cache";
  assertPathForMake(folder, whose, "Choose another folder, with --cache-dir or --tree.");
}

function seriesOf(facts: TreeFacts): string {
  return versionOfTree(facts.tree, facts.release)?.series ?? "";
}

function headersAlone({ release }: TreeFacts, series: string): KheadersError {
  return new KheadersError(
    "usage",
    `the headers of ${printable(release)} come without a build system: name a kernel source of ${printable(series)} that lends its own`,
    {
      hint: `As in: kheaders module DIR --kbuild linux-${series}.tar.xz. A source tree or a linux-headers folder does, too.`,
    },
  );
}

function toolsDoNotRun(machineOfTools: string | undefined, series: string): KheadersError {
  const what =
    machineOfTools === undefined
      ? "the tree's scripts/ has no built programs (fixdep, modpost)"
      : `the tree's build tools were made for ${machineOfTools} and do not run on this workstation (${machine()})`;
  return new KheadersError("tool-missing", what, {
    hint:
      `Name a kernel source of ${series} that lends its own, with --kbuild, ` +
      "or emulate such programs (Debian: apt install qemu-user-static).",
  });
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
