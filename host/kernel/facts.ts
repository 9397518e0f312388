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
  const config = raw.config && readConfig(raw.config);
  if (config?.problem !== undefined) {
    problems.push(`/proc/config.gz ${config.problem}: the kernel's configuration is unknown`);
  }
  const notes = raw.notes && readNotes(raw.notes);
  if (notes?.isWhole === false) {
    problems.push("/sys/kernel/notes is empty or damaged: the kernel's build-id is unknown");
  }
  return {
    config: config?.options,
    configDigest: config?.digest,
    buildId: notes?.buildId,
    problems,
  };
}

/** What a `/proc/config.gz` says; `problem` where it says nothing. */
interface ReadConfig {
  readonly options?: KernelConfig;
  readonly digest?: Digest | undefined;
  readonly problem?: string;
}

/** The file that was read last: devices of one kernel, pulled from at once, all send the same. */
let latest: { readonly compressed: Uint8Array; readonly read: ReadConfig } | undefined;

function readConfig(compressed: Uint8Array): ReadConfig {
  if (latest === undefined || Buffer.compare(latest.compressed, compressed) !== 0) {
    latest = { compressed, read: parseConfig(compressed) };
  }
  return latest.read;
}

function parseConfig(compressed: Uint8Array): ReadConfig {
  const dotConfig = unpack(compressed);
  if (dotConfig === undefined) return { problem: "cannot be unpacked" };
  const options = parseDotConfig(dotConfig.toString());
  if (options.size === 0) return { problem: "holds no configuration" };
  return { options, digest: asDigest(nodeCrypto().createHash("sha256").update(dotConfig).digest("hex")) };
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
