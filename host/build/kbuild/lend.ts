import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { KheadersError } from "../../../shared/errors.js";
import { printable } from "../../../shared/printable.js";
import { isBefore } from "../../kernel/release.js";
import type { TreeFacts } from "../../kernel/tree-facts.js";
import { type BuildHost, readBuildTools } from "../build-tools.js";
import { copyFile, copyFiles } from "./copy-files.js";
import { findInRoots, sourceHint } from "./source.js";

/** Single files of a build system, besides `scripts/` and the Makefiles of the architecture. */
function singleFiles(arch: string): string[] {
  return [
    "Makefile",
    "tools/objtool/objtool",
    // Where the linker's script for modules lies: arm and arm64 until 5.9, and in Debian's packages.
    `arch/${arch}/kernel/module.lds`,
    `arch/${arch}/module.lds`,
  ];
}

/** Whether a path below a folder of an architecture is a Makefile that its main one may include. */
const archMakefile = /^Makefile[\w.]*$/;

/**
 * Copies what builds modules out of prepared folders: Makefiles, scripts and built programs, and no headers.
 *
 * @param roots as `rootsOf` gives them.
 */
export async function lendBuildSystem(
  roots: readonly string[],
  arch: string,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  // The first root's files win, as make finds them.
  for (const root of [...roots].reverse()) {
    const copy = async (path: string, isWanted: (name: string, isFolder: boolean) => boolean) => {
      if (statSync(join(root, path), { throwIfNoEntry: false })?.isDirectory())
        await copyFiles(join(root, path), join(folder, path), { signal, isWanted, followsLinks: true });
    };
    await copy("scripts", (name) => name !== "dtc/include-prefixes" && !/\.o$/.test(name));
    await copy(`arch/${arch}`, (name, isFolder) => !isFolder && archMakefile.test(name));
  }
  for (const name of singleFiles(arch)) {
    const found = name === "Makefile" ? join(roots.at(-1) ?? "", name) : findInRoots(roots, name);
    if (found === undefined) continue;
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    copyFile(found, join(folder, name));
  }
}

/**
 * Checks that a build system which was lent can build a kernel's modules on this workstation.
 *
 * @throws KheadersError `usage` if something is missing, or it was prepared for another architecture; `tool-missing` if its
 * programs do not run here.
 */
export function assertBuildsFor(folder: string, source: string, facts: TreeFacts, host: BuildHost): void {
  const arch = facts.architecture.sourceName;
  const named = printable(source, 4096);
  const missing = missingFor(folder, facts);
  if (missing !== undefined) {
    throw new KheadersError(
      "usage",
      `${named} cannot build modules for ${printable(arch)}: it is neither a kernel source nor prepared: it has no ${missing}`,
      { hint: sourceHint },
    );
  }
  const tools = readBuildTools(folder, host);
  if (tools?.runHere) return;
  throw new KheadersError(
    "tool-missing",
    `the build tools in ${named} were made for ${tools?.machine ?? "another machine"} and do not run on this workstation (${host.machine})`,
    { hint: sourceHint },
  );
}

function missingFor(folder: string, { architecture, config, release }: TreeFacts): string | undefined {
  const arch = architecture.sourceName;
  const wantsObjtool = config.has("CONFIG_OBJTOOL") || config.has("CONFIG_STACK_VALIDATION");
  const wanted = [
    ["scripts/Makefile.build"],
    [`arch/${arch}/Makefile`],
    ["scripts/basic/fixdep"],
    ["scripts/mod/modpost"],
    ...(wantsObjtool ? [["tools/objtool/objtool"]] : []),
    // Linux scripts/Makefile.modfinal, from 5.10 on.
    ...(isBefore(release, 5, 10) ? [] : [["scripts/module.lds", `arch/${arch}/module.lds`]]),
  ];
  return wanted.find((names) => !names.some((name) => existsSync(join(folder, name))))?.[0];
}
