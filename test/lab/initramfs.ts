import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { androidRoot, textFile } from "./android-root.js";
import { cached, digestOf } from "./cached.js";
import { progress, runAny } from "./command.js";
import { labModules } from "./kernel-modules.js";
import { type DeviceEntry, newc } from "./newc.js";
import { kernelPackages, userlandPackage } from "./packages.js";
import { deviceSources } from "./paths.js";
import { deviceTools } from "./tools.js";

/** The drivers of the stock kernel that a device needs; what they depend on is added. */
const drivers = ["virtio_pci", "virtio_net"];

/** What all virtual devices have in common, as a cpio archive: the system, the first process and the drivers. */
export async function baseInitramfs(): Promise<string> {
  const [kernel, modules, userland, tools] = await Promise.all([
    kernelPackages(),
    labModules(),
    userlandPackage(),
    deviceTools(),
  ]);
  const init = await readFile(join(deviceSources, "init.sh"));
  const recipe = [import.meta.filename, join(import.meta.dirname, "android-root.ts")];
  const recipeTexts = await Promise.all(recipe.map((file) => readFile(file)));
  const key = digestOf(...recipeTexts, init, kernel.release, modules.config, userland, tools);
  const folder = await cached(`initramfs-${key}`, async (into) => {
    progress("packing the device's first file system");
    const entries: DeviceEntry[] = [
      ...(await androidRoot()),
      { type: "file", path: "init", mode: 0o755, content: init },
      { type: "file", path: "lab/kconfig_gz.ko", mode: 0o644, content: await readFile(modules.config) },
      ...(await driverEntries(modulesFolder(kernel.root, kernel.release))),
    ];
    await writeFile(join(into, "base.cpio"), newc(entries));
  });
  return join(folder, "base.cpio");
}

/** Debian 13's packages have moved it to /usr. */
function modulesFolder(root: string, release: string): string {
  const merged = join(root, "usr/lib/modules", release);
  return existsSync(merged) ? merged : join(root, "lib/modules", release);
}

/** The drivers and, in `lab/drivers/order`, the order in which they must be loaded. */
async function driverEntries(modules: string): Promise<DeviceEntry[]> {
  const files = new Map<string, string>();
  for (const path of await readdir(modules, { recursive: true })) {
    const match = /^(.+)\.ko(\.xz)?$/.exec(basename(path));
    if (match?.[1] !== undefined) files.set(match[1].replaceAll("-", "_"), join(modules, path));
  }
  const builtIn = (await readFile(join(modules, "modules.builtin"), "utf8")).replaceAll("-", "_");
  const loaded = new Map<string, Buffer>();
  const add = async (name: string): Promise<void> => {
    if (builtIn.includes(`/${name}.ko\n`)) return;
    const file = files.get(name);
    if (file === undefined) throw new Error(`the kernel has no module ${name}`);
    if (loaded.has(name)) return;
    const content = file.endsWith(".xz") ? await unxz(file) : await readFile(file);
    for (const dependency of dependenciesOf(content)) await add(dependency);
    loaded.set(name, content);
  };
  for (const name of drivers) await add(name);
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

async function unxz(file: string): Promise<Buffer> {
  const { stdout, stderr, status } = await runAny("xz", ["-dc", file]);
  if (status !== 0) throw new Error(`xz cannot unpack ${file}: ${stderr}`);
  return stdout;
}
