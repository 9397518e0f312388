import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { cached, digestOf } from "./cached.js";
import { progress, runAny } from "./command.js";
import type { KernelPackages } from "./packages.js";

/** Where the stock kernel's packages have its modules. Debian 13's have moved them to /usr. */
export function modulesFolder({ root, release }: KernelPackages): string {
  const merged = join(root, "usr/lib/modules", release);
  return existsSync(merged) ? merged : join(root, "lib/modules", release);
}

/** The files of the stock kernel's modules by the modules' names, which have underscores. */
export async function stockModules(kernel: KernelPackages): Promise<Map<string, string>> {
  const folder = modulesFolder(kernel);
  const files = new Map<string, string>();
  for (const path of (await readdir(folder, { recursive: true })).sort()) {
    const match = /^(.+)\.ko(\.xz)?$/.exec(basename(path));
    if (match?.[1] !== undefined) files.set(match[1].replaceAll("-", "_"), join(folder, path));
  }
  return files;
}

/** A module as the kernel loads it. Debian 13 packs them compressed. */
export async function readModule(file: string): Promise<Buffer> {
  if (!file.endsWith(".xz")) return readFile(file);
  const { stdout, stderr, status } = await runAny("xz", ["-dc", file]);
  if (status !== 0) throw new Error(`xz cannot unpack ${file}: ${stderr}`);
  return stdout;
}

/** Of the stock kernel's modules a device gets every third that is not too large: of every kind, as many as a phone has. */
const step = 3;
const largestModule = 100 * 1024;

/** A folder with a fair number of the stock kernel's modules, uncompressed, as in a phone's vendor partition. */
export async function vendorModules(kernel: KernelPackages): Promise<string> {
  const recipe = await readFile(import.meta.filename);
  return cached(`vendor-modules-${kernel.release}-${digestOf(recipe, kernel.version)}`, async (folder) => {
    progress("unpacking modules of the stock kernel");
    const some = [...(await stockModules(kernel))].filter((_, index) => index % step === 0);
    for (const [name, file] of some) {
      const module = await readModule(file);
      if (module.length <= largestModule) await writeFile(join(folder, `${name}.ko`), module);
    }
  });
}
