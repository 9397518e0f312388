import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Architecture, architectureFacts } from "./architecture.js";
import { cached, digestOf } from "./cached.js";
import { progress, run } from "./command.js";
import { deviceSources } from "./paths.js";

/** Built as a kernel module. */
const kernelModules = new Set(["kconfig_gz.c", "kheaders_proc.c"]);

/** Built as libraries to preload: `name.so`. */
const libraries = new Set(["kernel_shim.c"]);

/** The folder of the lab's own programs for devices, each named for its source in `device/`. */
export async function deviceTools(architecture: Architecture): Promise<string> {
  const names = (await readdir(deviceSources))
    .filter((name) => name.endsWith(".c") && !kernelModules.has(name))
    .sort();
  const sources = await Promise.all(names.map((name) => readFile(join(deviceSources, name), "utf8")));
  const recipe = await readFile(import.meta.filename, "utf8");
  return cached(`tools-${architecture}-${digestOf(recipe, ...names, ...sources)}`, async (folder) => {
    progress(`compiling the lab's own programs for ${architecture}`);
    const compiler = `${architectureFacts[architecture].toolPrefix}gcc`;
    const flags = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE", "-s"];
    for (const name of names) {
      const library = libraries.has(name);
      const kind = library ? ["-shared", "-fPIC"] : ["-static"];
      const target = join(folder, name.replace(/\.c$/, library ? ".so" : ""));
      await run(compiler, [...flags, ...kind, "-o", target, join(deviceSources, name)]);
    }
  });
}
