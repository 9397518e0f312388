import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { shellUser, textFile } from "./android-root.js";
import { type Architecture, architectureFacts } from "./architecture.js";
import { gkiKernel } from "./gki-kernel.js";
import { labModules, lightModule, procModule, staleModule } from "./kernel-modules.js";
import type { DeviceEntry } from "./newc.js";
import { kernelPackages } from "./packages.js";
import { vendorModules } from "./stock-modules.js";
import { deviceTools } from "./tools.js";
import type { DeviceOptions, Flavour, SuKind } from "./virtual-device.js";

/** What the daemon of a Magisk-like su is told to answer. */
const daemonAnswers: Readonly<Record<SuKind, string>> = {
  none: "none",
  aosp: "none",
  magisk: "grant",
  refuse: "refuse",
  hang: "hang",
};

/** The files in which a virtual device differs from the next one. */
export async function deviceEntries(options: DeviceOptions): Promise<DeviceEntry[]> {
  const { flavour, architecture, user = "root", restricted = false, su = "none" } = options;
  const isGki = options.kernel === "gki";
  // It has the file itself.
  const config = isGki ? false : (options.config ?? true);
  const { abi, product } = architectureFacts[architecture];
  const flag = (value: boolean) => (value ? 1 : 0);
  const settings = [
    `user=${user}`,
    `restricted=${flag(restricted)}`,
    `config=${flag(config)}`,
    `built_in=${flag(flavour === "built-in")}`,
    `su_daemon=${daemonAnswers[su]}`,
    `root_adbd=${flag(options.adbRoot !== undefined)}`,
  ];
  const properties = {
    "ro.build.fingerprint":
      options.fingerprint ?? `lab/${product}/virtual:14/LAB.1/${flavour}:userdebug/test-keys`,
    "ro.build.version.release": "14",
    "ro.build.version.sdk": "34",
    "ro.product.cpu.abi": abi,
    "ro.product.manufacturer": "Lab",
    "ro.product.model": "Virtual",
  };
  return [
    textFile("lab/options", settings.map((line) => `${line}\n`).join("")),
    ...Object.entries(properties).map(([name, value]) => textFile(`lab/properties/${name}`, value)),
    textFile("lab/without", (options.without ?? []).map((path) => `${path}\n`).join("")),
    ...(isGki ? await gkiEntries() : await kheadersEntries(flavour, architecture)),
    ...(await suEntries(su, architecture)),
    ...(options.files ?? []),
  ];
}

async function kheadersEntries(flavour: Flavour, architecture: Architecture): Promise<DeviceEntry[]> {
  switch (flavour) {
    case "none":
      return [];
    case "built-in":
      return [await moduleEntry("lab/built-in.ko", (await labModules(architecture)).builtIn)];
    case "module":
      return moduleFolder((await labModules(architecture)).kheaders);
    case "light":
      return moduleFolder((await lightModule(architecture)).kheaders);
    case "stale":
      return moduleFolder((await staleModule(architecture)).kheaders);
    case "proc":
      return [
        ...(await moduleFolder((await procModule(architecture)).kheaders)),
        ...(await vendorEntries(architecture)),
      ];
  }
}

/** Its drivers are built in; those of the stock kernel, which all devices have, are not for it. */
async function gkiEntries(): Promise<DeviceEntry[]> {
  return [textFile("lab/drivers/order", ""), ...(await moduleFolder((await gkiKernel()).kheaders))];
}

async function moduleFolder(kheaders: string): Promise<DeviceEntry[]> {
  return [
    await moduleEntry("system/lib/modules/kheaders.ko", kheaders),
    textFile("system/lib/modules/modules.dep", "/system/lib/modules/kheaders.ko:\n"),
  ];
}

async function vendorEntries(architecture: Architecture): Promise<DeviceEntry[]> {
  const folder = await vendorModules(await kernelPackages(architecture));
  const names = (await readdir(folder)).sort();
  return [
    ...["vendor/lib", "vendor/lib/modules"].map(
      (path): DeviceEntry => ({ type: "folder", path, mode: 0o755 }),
    ),
    ...(await Promise.all(
      names.map((name) => moduleEntry(`vendor/lib/modules/${name}`, join(folder, name))),
    )),
  ];
}

async function moduleEntry(path: string, from: string): Promise<DeviceEntry> {
  return { type: "file", path, mode: 0o644, content: await readFile(from) };
}

async function suEntries(su: SuKind, architecture: Architecture): Promise<DeviceEntry[]> {
  if (su === "none") return [];
  const tools = await deviceTools(architecture);
  if (su === "aosp") {
    const content = await readFile(join(tools, "su_aosp"));
    return [{ type: "file", path: "system/bin/su", mode: 0o4750, group: shellUser, content }];
  }
  const content = await readFile(join(tools, "su_magisk"));
  return ["system/bin/su", "lab-bin/su_daemon"].map((path) => ({ type: "file", path, mode: 0o755, content }));
}
