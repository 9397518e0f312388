import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { androidRoot, textFile } from "./android-root.js";
import { type Architecture, architectureFacts } from "./architecture.js";
import { cached, digestOf } from "./cached.js";
import { progress } from "./command.js";
import { labModules } from "./kernel-modules.js";
import { type DeviceEntry, newc } from "./newc.js";
import { type KernelPackages, kernelPackages, userlandPackage } from "./packages.js";
import { deviceSources } from "./paths.js";
import { modulesFolder, readModule, stockModules } from "./stock-modules.js";
import { deviceTools } from "./tools.js";

/** What all virtual devices have in common, as a cpio archive: the system, the first process and the drivers. */
export async function baseInitramfs(architecture: Architecture): Promise<string> {
  const [kernel, modules, userland, tools] = await Promise.all([
    kernelPackages(architecture),
    labModules(architecture),
    userlandPackage(architecture),
    deviceTools(architecture),
  ]);
  const init = await readFile(join(deviceSources, "init.sh"));
  const recipe = ["initramfs.ts", "android-root.ts", "architecture.ts"].map((name) =>
    join(import.meta.dirname, name),
  );
  const recipeTexts = await Promise.all(recipe.map((file) => readFile(file)));
  const key = digestOf(...recipeTexts, init, kernel.release, modules.config, userland, tools);
  const folder = await cached(`initramfs-${architecture}-${key}`, async (into) => {
    progress("packing the device's first file system");
    const entries: DeviceEntry[] = [
      ...(await androidRoot(architecture)),
      { type: "file", path: "init", mode: 0o755, content: init },
      { type: "file", path: "lab/kconfig_gz.ko", mode: 0o644, content: await readFile(modules.config) },
      ...(await driverEntries(kernel)),
    ];
    await writeFile(join(into, "base.cpio"), newc(entries));
  });
  return join(folder, "base.cpio");
}

/** The drivers and, in `lab/drivers/order`, the order in which they must be loaded. */
async function driverEntries(kernel: KernelPackages): Promise<DeviceEntry[]> {
  const files = await stockModules(kernel);
  const builtIn = (await readFile(join(modulesFolder(kernel), "modules.builtin"), "utf8")).replaceAll(
    "-",
    "_",
  );
  const loaded = new Map<string, Buffer>();
  const add = async (name: string): Promise<void> => {
    if (builtIn.includes(`/${name}.ko\n`)) return;
    const file = files.get(name);
    if (file === undefined) throw new Error(`the kernel has no module ${name}`);
    if (loaded.has(name)) return;
    const content = await readModule(file);
    for (const dependency of dependenciesOf(content)) await add(dependency);
    loaded.set(name, content);
  };
  for (const name of architectureFacts[kernel.architecture].drivers) await add(name);
  return [
    { type: "folder", path: "lab/drivers", mode: 0o755 },
    ...[...loaded].map(([name, content]): DeviceEntry => {
      return { type: "file", path: `lab/drivers/${name}.ko`, mode: 0o644, content };
    }),
    textFile("lab/drivers/order", [...loaded.keys()].map((name) => `${name}.ko\n`).join("")),
  ];
}

/** The modules that a module file names in its `.modinfo` section (`depends=a,b`). */
export function dependenciesOf(module: Buffer): string[] {
  const text = /\0depends=([^\0]*)\0/.exec(module.toString("latin1"))?.[1] ?? "";
  return text === "" ? [] : text.split(",").map((name) => name.replaceAll("-", "_"));
}
