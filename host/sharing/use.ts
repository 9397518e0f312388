import type { StoreUse } from "../pull/shared-store.js";
import { parseStoreAddress } from "../store/address.js";

/** How to use a store. */
export interface UseStoreOptions {
  /** Writes what is new to the cache to the store, too. */
  readonly write?: boolean | undefined;
  /** Speaks plain HTTP to a registry that is not this machine. */
  readonly insecure?: boolean | undefined;
  /** What gave the address, for its error: `--store` if this is not given. */
  readonly from?: string | undefined;
}

/** Seconds that asking a store may take, a transfer of some MB included. */
const askSeconds = 60;
/** Seconds that writing to it may take. */
const writeSeconds = 120;

/**
 * A store for pulls and imports to use: `oci://HOST[:PORT]/REPOSITORY`, or `oci:FOLDER`. Nothing is asked and little loaded
 * before it is needed; then all that use it share one connection, with its tokens.
 *
 * @throws KheadersError `usage` for an invalid address.
 */
export function useStore(address: string, options: UseStoreOptions = {}): StoreUse {
  const { write = false, insecure, from } = options;
  parseStoreAddress(address, from);
  let opened: ReturnType<typeof open> | undefined;
  const open = async () => {
    const [{ sharedStore }, { openRepository }] = await Promise.all([
      import("./shared-store.js"),
      import("../store/open.js"),
    ]);
    return sharedStore(openRepository(address, { insecure }));
  };
  return {
    write,
    askSeconds,
    writeSeconds,
    open() {
      opened ??= open();
      return opened;
    },
  };
}
