import { asDigest, type BuildId, type Digest } from "../../shared/identity.js";
import { nodeCrypto } from "../../shared/node-crypto.js";
import { type KernelConfig, parseDotConfig } from "./config.js";
import { readNotes } from "./notes.js";

/** A kernel's configuration has about 200 KB. */
const maxConfigBytes = 8 * 1024 * 1024;

/** What a device's kernel files say, as far as they could be read. */
export interface KernelFacts {
  readonly config: KernelConfig | undefined;
  /** SHA-256 of the unpacked configuration. */
  readonly configDigest: Digest | undefined;
  readonly buildId: BuildId | undefined;
  /** Files that exist but cannot be used, and what is unknown because of that; a line each. */
  readonly problems: readonly string[];
}

/**
 * Reads the raw `/proc/config.gz` and `/sys/kernel/notes` of a device. They are optional evidence: an empty or
 * damaged file counts as a missing one.
 */
export function readKernelFacts(raw: {
  readonly config: Uint8Array | undefined;
  readonly notes: Uint8Array | undefined;
}): KernelFacts {
  const problems: string[] = [];
  const dotConfig = raw.config && unpack(raw.config);
  const parsed = dotConfig && parseDotConfig(dotConfig.toString());
  const config = parsed?.size ? parsed : undefined;
  if (raw.config !== undefined && config === undefined) {
    const what = dotConfig === undefined ? "cannot be unpacked" : "holds no configuration";
    problems.push(`/proc/config.gz ${what}: the kernel's configuration is unknown`);
  }
  const notes = raw.notes && readNotes(raw.notes);
  if (notes?.isWhole === false) {
    problems.push("/sys/kernel/notes is empty or damaged: the kernel's build-id is unknown");
  }
  return {
    config,
    configDigest:
      config && dotConfig && asDigest(nodeCrypto().createHash("sha256").update(dotConfig).digest("hex")),
    buildId: notes?.buildId,
    problems,
  };
}

/** Unpacks a configuration; undefined if it is not gzip, is cut off, or is far too long. */
function unpack(config: Uint8Array): Buffer | undefined {
  // Loaded only here: a cache hit on a known boot needs no configuration.
  const { gunzipSync } = process.getBuiltinModule("node:zlib");
  try {
    return gunzipSync(config, { maxOutputLength: maxConfigBytes });
  } catch {
    // Whatever the reason, the file cannot be used; the caller warns.
    return undefined;
  }
}
