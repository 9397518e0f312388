import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KheadersError } from "../../../shared/errors.js";
import { printable } from "../../../shared/printable.js";
import type { KernelConfig } from "../../kernel/config.js";
import type { TreeFacts } from "../../kernel/tree-facts.js";
import { type BuildHost, isForeignProgram } from "../build-tools.js";
import { autoConf, dotConfig, optionsForMake } from "./config-texts.js";
import { copyFiles } from "./copy-files.js";

/**
 * Refuses a release that make's shell would read as more than a name: `6.1;id` would run `id`.
 *
 * @throws KheadersError `usage`.
 */
export function assertReleaseForMake(release: string): void {
  if (/^[\w.+~-]+$/.test(release)) return;
  throw new KheadersError(
    "usage",
    `modules cannot be built for a kernel that is called "${printable(release)}"`,
    { hint: "make and its shell only work with letters, digits and . + ~ - _ in a release." },
  );
}

/**
 * Lays a kernel's own files over a build system that was lent: its headers; of a tree that builds modules also its Makefiles,
 * scripts, and the programs that run on this workstation; and its configuration and release, as make reads them.
 */
export async function layKernelFiles(
  facts: TreeFacts,
  config: KernelConfig,
  folder: string,
  { host, signal }: { readonly host: BuildHost; readonly signal: AbortSignal },
): Promise<void> {
  const { tree, flavour, release } = facts;
  const arch = facts.architecture.sourceName;
  const isWanted =
    flavour === "headers"
      ? (path: string, isFolder: boolean) => isHeader(path, isFolder, arch)
      : (path: string, isFolder: boolean) => isFolder || !isForeignProgram(join(tree, path), host);
  await copyFiles(tree, folder, { signal, isWanted, followsLinks: false });
  const place = join(folder, "include/config");
  if (flavour === "modules" && existsSync(join(place, "auto.conf"))) return;
  const options = optionsForMake(config);
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, "auto.conf"), autoConf(options, release));
  writeFileSync(join(place, "kernel.release"), `${release}\n`);
  writeFileSync(join(folder, ".config"), dotConfig(options));
}

/** In an archive of headers nothing else is expected, and make must not run what it would find there. */
function isHeader(path: string, isFolder: boolean, arch: string): boolean {
  const folders = ["include/", `arch/${arch}/include/`];
  if (`${path}/`.startsWith("include/config/")) return false;
  return folders.some((folder) => path.startsWith(folder) || (isFolder && folder.startsWith(`${path}/`)));
}
