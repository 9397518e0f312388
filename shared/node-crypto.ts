type Crypto = typeof import("node:crypto");

let loaded: Crypto | undefined;

/** Node's crypto, which is loaded when it is first used: that takes a twentieth of a hit's time, which a pull has while it waits. */
export function nodeCrypto(): Crypto {
  loaded ??= process.getBuiltinModule("node:crypto");
  return loaded;
}
