type Crypto = typeof import("node:crypto");

let loaded: Crypto | undefined;

/** Node's crypto, loaded when it is first used. Loading takes a twentieth of a hit's time, and a pull has that while it waits. */
export function nodeCrypto(): Crypto {
  loaded ??= process.getBuiltinModule("node:crypto");
  return loaded;
}
