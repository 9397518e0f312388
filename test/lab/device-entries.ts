import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { shellUser, textFile } from "./android-root.js";
import { labModules } from "./kernel-modules.js";
import type { DeviceEntry } from "./newc.js";
import { deviceTools } from "./tools.js";
import type { BootOptions, SuKind } from "./virtual-device.js";

/** What the daemon of a Magisk-like su is told to answer. */
const daemonAnswers: Readonly<Record<SuKind, string>> = {
  none: "none",
  aosp: "none",
  magisk: "grant",
  refuse: "refuse",
  hang: "hang",
};

/** The files in which a virtual device differs from the next one. */
export async function deviceEntries(options: BootOptions): Promise<DeviceEntry[]> {
  const { flavour, user = "root", restricted = false, config = true, su = "none" } = options;
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
      options.fingerprint ?? `lab/virtual/virtual:14/LAB.1/${flavour}:userdebug/test-keys`,
    "ro.build.version.release": "14",
    "ro.build.version.sdk": "34",
    "ro.product.cpu.abi": "x86_64",
    "ro.product.manufacturer": "Lab",
    "ro.product.model": "Virtual",
  };
  return [
    textFile("lab/options", settings.map((line) => `${line}\n`).join("")),
    ...Object.entries(properties).map(([name, value]) => textFile(`lab/properties/${name}`, value)),
    textFile("lab/without", (options.without ?? []).map((path) => `${path}\n`).join("")),
    ...(await kheadersEntries(options)),
    ...(await suEntries(su)),
    ...(options.files ?? []),
  ];
}

async function kheadersEntries({ flavour }: BootOptions): Promise<DeviceEntry[]> {
  const modules = await labModules();
  const moduleFile = async (path: string, from: string): Promise<DeviceEntry> => {
    return { type: "file", path, mode: 0o644, content: await readFile(from) };
  };
  if (flavour === "none") return [];
  if (flavour === "built-in") return [await moduleFile("lab/built-in.ko", modules.builtIn)];
  return [
    await moduleFile(
      "system/lib/modules/kheaders.ko",
      flavour === "stale" ? modules.stale : modules.kheaders,
    ),
    textFile("system/lib/modules/modules.dep", "/system/lib/modules/kheaders.ko:\n"),
  ];
}

async function suEntries(su: SuKind): Promise<DeviceEntry[]> {
  if (su === "none") return [];
  const tools = await deviceTools();
  if (su === "aosp") {
    const content = await readFile(join(tools, "su_aosp"));
    return [{ type: "file", path: "system/bin/su", mode: 0o4750, group: shellUser, content }];
  }
  const content = await readFile(join(tools, "su_magisk"));
  return ["system/bin/su", "lab-bin/su_daemon"].map((path) => ({ type: "file", path, mode: 0o755, content }));
}
