/** Virtual and simulated devices for tests. */
export { type AdbOutput, type AdbServer, startAdbServer } from "./adb-server.js";
export { shellUser, textFile } from "./android-root.js";
export { type LabModules, labModules } from "./kernel-modules.js";
export type { DeviceEntry } from "./newc.js";
export { labCache } from "./paths.js";
export { freePort } from "./ports.js";
export {
  type Faults,
  type InventedKernel,
  type SimulatedDevice,
  type SimulatedOptions,
  simulateDevice,
} from "./simulated-device.js";
export {
  type BootOptions,
  bootDevice,
  type Flavour,
  flavours,
  runningDevices,
  type SuKind,
  suKinds,
  type VirtualDevice,
} from "./virtual-device.js";
