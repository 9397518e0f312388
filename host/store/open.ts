import { parseStoreAddress } from "./address.js";
import { locateCredentials } from "./credentials/locate.js";
import { LayoutRepository } from "./layout/layout.js";
import { storeLimits } from "./limits.js";
import { RegistryRepository } from "./registry/registry.js";
import type { Repository } from "./repository.js";

/** How to reach a store. */
export interface OpenStoreOptions {
  /** Speaks plain HTTP to a registry that is not this machine. */
  readonly insecure?: boolean | undefined;
  readonly environment?: NodeJS.ProcessEnv | undefined;
  /** Seconds without headway after which a request is given up. */
  readonly stallSeconds?: number | undefined;
}

/**
 * Opens the repository at an address. Nothing is asked or written yet.
 *
 * @throws KheadersError `usage` for an invalid address.
 */
export function openRepository(text: string, options: OpenStoreOptions = {}): Repository {
  const { insecure = false, environment = process.env, stallSeconds = storeLimits.stallSeconds } = options;
  const address = parseStoreAddress(text);
  if (address.kind === "folder") return new LayoutRepository(address);
  return new RegistryRepository({
    address,
    insecure,
    stallSeconds,
    credentials: (signal) => locateCredentials(address, { environment, signal }),
  });
}
