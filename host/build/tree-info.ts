import { existsSync, readdirSync } from "node:fs";
import { machine } from "node:os";
import { join } from "node:path";
import type { Cache } from "../cache/index.js";
import { configOf, type KernelConfig, sortedByName } from "../kernel/config.js";
import { readTreeFacts, type TreeFacts } from "../kernel/tree-facts.js";
import { keptConfig } from "../pull/kept-config.js";
import type { LocatedTree } from "../pull/tree/locate.js";
import { type BuildTools, readBuildTools } from "./build-tools.js";
import { headerWarnings } from "./tree-warnings.js";

/** What a tree says about its kernel, and what can be built with it. */
export interface TreeInfo extends Omit<TreeFacts, "config"> {
  /** Regular files in it. */
  readonly files: number;
  /** The kernel's configuration, sorted by option. */
  readonly config: KernelConfig;
  /** Its source: the device's `/proc/config.gz` as it was pulled, or the tree's `autoconf.h`. */
  readonly configSource: "device" | "headers";
  /** Of a tree that builds modules; undefined for others, and if it has no such programs. */
  readonly buildTools: BuildTools | undefined;
  /** What will go wrong with compiling or with building modules, and what to do about it; a sentence or more each. */
  readonly warnings: readonly string[];
}

/**
 * Reads what a tree says about its kernel.
 *
 * @param located As `withTree` gives it.
 * @param cache Has the configuration of the kernels that were pulled.
 * @throws KheadersError `usage` if it is not a kernel header tree; `cache-failed`.
 */
export async function treeInfo(located: LocatedTree, cache: Cache): Promise<TreeInfo> {
  const { config: macros, ...facts } = readTreeFacts(located.tree);
  const kept = await keptConfig(cache, located);
  const config = kept === undefined ? configOf(macros) : sortedByName(kept);
  const host = { platform: process.platform, machine: machine() };
  const buildTools = facts.flavour === "modules" ? readBuildTools(facts.tree, host) : undefined;
  const hasVersions = existsSync(join(facts.tree, "Module.symvers"));
  return {
    ...facts,
    files: readdirSync(facts.tree, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
      .length,
    config,
    configSource: kept === undefined ? "headers" : "device",
    buildTools,
    warnings: [
      ...headerWarnings({ config: macros }),
      ...(facts.flavour === "modules"
        ? moduleWarnings({ buildTools, config, hasVersions, machine: host.machine })
        : []),
    ],
  };
}

/** What stands in the way of building modules with a tree that can. */
export function moduleWarnings(about: {
  readonly buildTools: BuildTools | undefined;
  readonly config: KernelConfig;
  /** Whether the tree has a `Module.symvers`. */
  readonly hasVersions: boolean;
  /** The workstation's. */
  readonly machine: string;
}): string[] {
  const { buildTools, config, hasVersions, machine } = about;
  const warnings: string[] = [];
  if (buildTools === undefined) {
    warnings.push("scripts/ has no built programs (fixdep, modpost): `make modules` will fail without them.");
  } else if (!buildTools.runHere) {
    warnings.push(
      `The build tools in scripts/ were made for ${buildTools.machine} and do not run on this workstation (${machine}). ` +
        "`kheaders module --kbuild SOURCE` builds with those of a kernel source.",
    );
  }
  if (!hasVersions) {
    const meaning = config.has("CONFIG_MODVERSIONS")
      ? "The kernel has CONFIG_MODVERSIONS: it refuses them (no symbol version for module_layout), or loads them unchecked. " +
        "`kheaders symvers` makes one from the device's own modules, and `kheaders module` builds with it."
      : "The kernel has no CONFIG_MODVERSIONS and loads them without versions.";
    warnings.push(
      `Modules that are built with this tree as it is get no symbol versions: a kernel's archive has no Module.symvers. ${meaning}`,
    );
  }
  return warnings;
}
