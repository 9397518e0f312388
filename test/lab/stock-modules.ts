import { existsSync } from "node:fs";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { cached } from "./cached.js";
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

/** Of the modules that are not too large a device gets every third: as many as a phone has, and of every kind. */
const sharing = { largest: 100 * 1024, everyOf: 3 };

/** A folder with a fair number of the stock kernel's modules, uncompressed, as in a phone's vendor partition. */
export async function vendorModules(kernel: KernelPackages): Promise<string> {
  const key = `${kernel.release}-${sharing.largest}-${sharing.everyOf}`;
  return cached(`vendor-modules-${key}`, async (folder) => {
    progress("unpacking modules of the stock kernel");
    let small = 0;
    for (const [name, file] of await stockModules(kernel)) {
      if ((await stat(file)).size > sharing.largest) continue;
      if (small++ % sharing.everyOf === 0)
        await writeFile(join(folder, `${name}.ko`), await readModule(file));
    }
  });
}
