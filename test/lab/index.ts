/** Virtual and simulated devices for tests. */

export type { AdbRoot } from "./adb-relay.js";
export { type AdbOutput, type AdbServer, startAdbServer } from "./adb-server.js";
export { shellUser, textFile } from "./android-root.js";
export { type Architecture, architectures, hostPrograms } from "./architecture.js";
export { type BuildTree, buildTree } from "./build-tree.js";
export { type GkiKernel, gkiKernel, gkiLlvm } from "./gki-kernel.js";
export {
  type LabModules,
  type LightModule,
  labModules,
  lightModule,
  type ProcModule,
  procModule,
  type StaleModule,
  staleModule,
} from "./kernel-modules.js";
export { buildWithLibbpf } from "./libbpf.js";
export { withOtherFlags, withoutArchive, withUnknownSymbol } from "./module-faults.js";
export type { DeviceEntry } from "./newc.js";
export { kernelPackages, sourceArchive } from "./packages.js";
export { labCache } from "./paths.js";
export { freePort, listens } from "./ports.js";
export { type Registry, type RegistryOptions, startRegistry } from "./registry.js";
export {
  type Faults,
  type InventedKernel,
  type SimulatedDevice,
  type SimulatedOptions,
  simulateDevice,
} from "./simulated-device.js";
export { type StockKernel, stockKernel } from "./stock-kernel.js";
export { type UnusableDevice, unusableDevice } from "./unusable-device.js";
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
