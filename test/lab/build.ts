import type { Architecture } from "./architecture.js";
import { deviceEntries } from "./device-entries.js";
import { baseInitramfs } from "./initramfs.js";
import { simulatedRoot } from "./simulated-device.js";
import type { Flavour } from "./virtual-device.js";

/** Makes all that devices of these flavours are made from, and simulated ones, so that later boots take seconds. */
export async function buildLab(architecture: Architecture, flavours: readonly Flavour[]): Promise<void> {
  await Promise.all([baseInitramfs(architecture), simulatedRoot()]);
  for (const flavour of flavours) await deviceEntries({ flavour, architecture });
}
