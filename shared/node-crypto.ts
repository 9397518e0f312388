/** Node's crypto, which is loaded when it is first used: that takes a twentieth of a hit's time, or waits with it for the device. */
export function nodeCrypto(): typeof import("node:crypto") {
  return process.getBuiltinModule("node:crypto");
}
