import type { Architecture } from "./architecture.js";
import { baseInitramfs } from "./initramfs.js";
import { type LabModules, labModules } from "./kernel-modules.js";
import { simulatedRoot } from "./simulated-device.js";

/** Makes all that most devices are made from, so that later boots take seconds. */
export async function buildLab(architecture: Architecture): Promise<LabModules> {
  const [modules] = await Promise.all([
    labModules(architecture),
    baseInitramfs(architecture),
    simulatedRoot(),
  ]);
  return modules;
}
