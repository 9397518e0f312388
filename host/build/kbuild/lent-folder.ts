import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { machine } from "node:os";
import { join } from "node:path";
import { KheadersError } from "../../../shared/errors.js";
import { printable } from "../../../shared/printable.js";
import { waitingEvent } from "../../../shared/progress.js";
import type { Cache } from "../../cache/index.js";
import { configOf } from "../../kernel/config.js";
import type { TreeFacts } from "../../kernel/tree-facts.js";
import { type KernelVersion, versionOfTree, versionText } from "../../kernel/version.js";
import { keptConfig } from "../../pull/kept-config.js";
import type { PullOptions } from "../../pull/options.js";
import type { LocatedTree } from "../../pull/tree/locate.js";
import type { BuildHost } from "../build-tools.js";
import { unpackSource } from "./archive-source.js";
import { optionsForMake } from "./config-texts.js";
import { copyFiles } from "./copy-files.js";
import { differingHeaders } from "./differing-headers.js";
import { isOfThisBoot, markBoot } from "./host-boot.js";
import { assertReleaseForMake, layKernelFiles } from "./kernel-files.js";
import { assertBuildsFor, lendBuildSystem } from "./lend.js";
import { isSource, prepareSource } from "./prepare-source.js";
import { findInRoots, type KbuildSource, rootsOf, versionOfRoots } from "./source.js";
import { isNeededSource } from "./source-files.js";

/** A folder that builds modules for a kernel, with a build system that was lent. */
export interface LentFolder {
  /** Absolute. */
  readonly path: string;
  /** The version of the kernel that lent it. */
  readonly version: KernelVersion;
  /** The kernel's headers that the source has otherwise, sorted. */
  readonly differingHeaders: readonly string[];
}

/** How to make such a folder. */
export interface LendOptions extends Pick<PullOptions, "signal" | "onProgress"> {
  readonly cache: Cache;
  /** Variables for make, as `NAME=value`. */
  readonly variables: readonly string[];
  readonly onOutput: (text: Uint8Array) => void;
}

/** Has what was found when the folder was made. */
const recordName = ".kheaders-kbuild.json";

/**
 * Gives the folder that make uses as a kernel's, for a tree of headers alone or with build tools that do not run here: the
 * source's build system, and over it the kernel's headers, configuration and release. It is made once a kernel and source,
 * and kept beside the tree.
 *
 * @throws KheadersError `usage` if the source is of another series, or cannot build for the kernel; `compile-failed` if it
 * cannot be prepared; `tool-missing`, `cache-failed`, `disk-full`; the signal's reason when it aborts.
 */
export async function lentFolder(
  located: LocatedTree,
  facts: TreeFacts,
  source: KbuildSource,
  options: LendOptions,
): Promise<LentFolder> {
  const { cache, signal, onProgress } = options;
  const { digest, entry } = located;
  if (digest === undefined) {
    throw new KheadersError(
      "usage",
      `${printable(facts.tree, 4096)} is not in the cache, where the build system would be laid beside it`,
      { hint: "Name the digest of a cached archive. kheaders import takes headers into the cache." },
    );
  }
  assertReleaseForMake(facts.release);
  const name = entry === undefined ? `kbuild-${source.id}` : `kbuild-${entry.id}-${source.id}`;
  const onWait = (pid: number | undefined) => onProgress(waitingEvent("waiting-for-other-build", pid));
  const make = (folder: string) => makeFolder(folder, located, facts, source, options);
  const path = await cache.keepExtra(digest, name, make, {
    replace: (there) => !isOfThisBoot(there),
    checkedByReaders: true,
    signal,
    onWait,
  });
  const { version, differing } = JSON.parse(readFileSync(join(path, recordName), "utf8"));
  return { path, version, differingHeaders: differing };
}

async function makeFolder(
  folder: string,
  located: LocatedTree,
  facts: TreeFacts,
  source: KbuildSource,
  options: LendOptions,
): Promise<void> {
  const { cache, variables, signal, onProgress, onOutput } = options;
  const arch = facts.architecture.sourceName;
  const host: BuildHost = { platform: process.platform, machine: machine() };
  const config = (await keptConfig(cache, located)) ?? configOf(facts.config);
  onProgress({ type: "stage", stage: "preparing-source", detail: printable(source.path, 400) });
  const scratch = await cache.scratch(signal);
  try {
    let roots = [scratch.path];
    if (source.kind === "archive") await unpackSource(source.path, arch, scratch.path, signal);
    else roots = rootsOf(source.path);
    const version = versionOfRoots(roots);
    assertSeries(version, source, facts);
    const differing = await differingHeaders(facts.tree, roots, arch, signal);
    const unprepared = unpreparedIn(roots);
    if (unprepared !== undefined) {
      if (unprepared !== scratch.path) {
        const isWanted = (path: string, isFolder: boolean) => isNeededSource(path, isFolder, arch);
        await copyFiles(unprepared, scratch.path, { signal, isWanted, followsLinks: true });
      }
      await prepareSource(scratch.path, { config: optionsForMake(config), variables, signal, onOutput });
      roots = [scratch.path];
    }
    mkdirSync(folder);
    await lendBuildSystem(roots, arch, folder, signal);
    assertBuildsFor(folder, source.path, facts, host);
    await layKernelFiles(facts, config, folder, { host, signal });
    writeFileSync(join(folder, recordName), `${JSON.stringify({ version, differing })}\n`);
    markBoot(folder);
  } finally {
    await scratch.end();
  }
}

/** The kernel source among the folders of a build system, if it has to be prepared first. */
function unpreparedIn(roots: readonly string[]): string | undefined {
  const last = roots.at(-1) ?? "";
  if (!isSource(last)) return undefined;
  // The output folder of a build was prepared for its own configuration; a source may have been for any.
  const isOutputFolder = roots.length > 1;
  return isOutputFolder && findInRoots(roots, "scripts/mod/modpost") !== undefined ? undefined : last;
}

function assertSeries(version: KernelVersion, source: KbuildSource, facts: TreeFacts): void {
  const kernel = versionOfTree(facts.tree, facts.release);
  if (kernel === undefined || kernel.series === version.series) return;
  throw new KheadersError(
    "usage",
    `${printable(source.path, 4096)} is of Linux ${versionText(version)}, and the kernel ${printable(facts.release)} is ${versionText(kernel)}`,
    { hint: `Name a source of the same series with --kbuild: any ${kernel.series}.` },
  );
}

/** What differs between a kernel and the source that lends its build system, as a sentence; undefined if nothing does. */
export function describeDifferences(
  lent: Pick<LentFolder, "version" | "differingHeaders">,
  facts: Pick<TreeFacts, "tree" | "release">,
): string | undefined {
  const { version, differingHeaders: headers } = lent;
  const kernel = versionOfTree(facts.tree, facts.release);
  const isOtherVersion = kernel !== undefined && versionText(kernel) !== versionText(version);
  if (!isOtherVersion && headers.length === 0) return undefined;
  const versions = isOtherVersion
    ? `the kernel is Linux ${versionText(kernel)}, and the build system is from ${versionText(version)}`
    : "the build system's source is not quite the kernel's";
  if (headers.length === 0) return versions;
  const named = printable(headers[0] ?? "");
  const what =
    headers.length === 1
      ? `its header ${named} differs`
      : `${headers.length} headers differ, such as ${named}`;
  return `${versions}: ${what}. Modules are built with the kernel's own`;
}
