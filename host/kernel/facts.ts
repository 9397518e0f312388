import { createHash } from "node:crypto";
import { KheadersError } from "../../shared/errors.js";
import { asDigest, type BuildId, type Digest } from "../../shared/identity.js";
import { type KernelConfig, parseDotConfig } from "./config.js";
import { buildIdOf } from "./notes.js";

/** A kernel's configuration has about 200 KB. */
const longestConfig = 8 * 1024 * 1024;

/** What a device's kernel files say, as far as they could be read. */
export interface KernelFacts {
  readonly config: KernelConfig | undefined;
  /** SHA-256 of the unpacked configuration. */
  readonly configDigest: Digest | undefined;
  readonly buildId: BuildId | undefined;
}

/**
 * Reads the raw `/proc/config.gz` and `/sys/kernel/notes` of a device.
 *
 * @throws KheadersError `protocol-error` for a configuration that is no gzip, or far too long.
 */
export function readKernelFacts(raw: {
  readonly config: Uint8Array | undefined;
  readonly notes: Uint8Array | undefined;
}): KernelFacts {
  const dotConfig = raw.config && unpack(raw.config);
  return {
    config: dotConfig && parseDotConfig(dotConfig.toString()),
    configDigest: dotConfig && asDigest(createHash("sha256").update(dotConfig).digest("hex")),
    buildId: raw.notes && buildIdOf(raw.notes),
  };
}

function unpack(config: Uint8Array): Buffer {
  // Loaded here alone: a hit on a boot that is known asks for no configuration.
  const { gunzipSync } = process.getBuiltinModule("node:zlib");
  try {
    return gunzipSync(config, { maxOutputLength: longestConfig });
  } catch (cause) {
    throw new KheadersError("protocol-error", "the device's /proc/config.gz cannot be unpacked", { cause });
  }
}
