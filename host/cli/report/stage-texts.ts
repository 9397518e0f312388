import type { Stage } from "../../../shared/progress.js";

/** What a user reads of each stage of the work. */
export const stageTexts: Record<Stage, string> = {
  "waiting-for-device": "Waiting for the device",
  downloading: "Downloading",
  opening: "Opening",
  packing: "Packing the headers",
  connecting: "Connecting",
  identifying: "Asking which kernel runs",
  "cache-hit": "In the cache",
  "cache-miss": "Not in the cache",
  "waiting-for-other-pull": "Waiting for another kheaders that pulls this kernel",
  "becoming-root": "Asking su for root (look at the device's screen)",
  "restarting-adbd": "Restarting adbd (adb root)",
  "waiting-for-device-lock": "Waiting for another kheaders on this device",
  preparing: "Loading the headers on the device",
  transferring: "Transferring",
  unpacking: "Unpacking",
  publishing: "Publishing the tree",
  repairing: "Checking the tree",
  "waiting-for-other-build": "Waiting for another kheaders that prepares to build with this tree",
  copying: "Copying",
  "reading-modules": "Reading the device's modules",
  "reading-btf": "Reading the kernel's BTF",
  "making-btf": "Making BTF from the headers",
  building: "Building",
};
