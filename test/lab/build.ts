import { baseInitramfs } from "./initramfs.js";
import { type LabModules, labModules } from "./kernel-modules.js";
import { simulatedRoot } from "./simulated-device.js";

/** Makes all that devices are made from, so that later boots take seconds. */
export async function buildLab(): Promise<LabModules> {
  const [modules] = await Promise.all([labModules(), baseInitramfs(), simulatedRoot()]);
  return modules;
}
