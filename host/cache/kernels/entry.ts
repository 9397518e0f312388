import {
  asBuildId,
  asDigest,
  type Digest,
  type KernelIdentity,
  type KnownKernel,
  type Source,
} from "../../../shared/identity.js";
import type { Fields } from "../disk/fields.js";
import { entryPrefix, hashOf } from "../disk/paths.js";

/** What distinguishes one kernel from another, in any boot: a KernelIdentity without the boot. */
export type Kernel = Omit<KernelIdentity, "bootId">;

/** What the cache knows of one kernel: that these are its headers. Never changed once written. */
export interface CacheEntry {
  /** Name of the entry's file without `.json`: hashes of the key, and of the kernel with the digest. */
  readonly id: string;
  readonly kernel: KnownKernel;
  /** SHA-256 of the compressed archive. */
  readonly digest: Digest;
  /** Size of the compressed archive. */
  readonly bytes: number;
  /** How the device offered it; `file` if it was taken out of a file. */
  readonly source: Source;
  /** The file or address that it was imported from, as the user knows it; undefined if it came from a device. */
  readonly origin: string | undefined;
  /** When it was last published. */
  readonly created: Date;
  /** The version of kheaders that published it. */
  readonly tool: string;
}

/** Makes the entry which says that the archive with `digest` has the headers of `kernel`. */
export function makeEntry(
  about: Omit<CacheEntry, "id" | "origin"> & { readonly origin?: string | undefined },
): CacheEntry {
  const { fingerprint, release, version, machine, buildId, configDigest } = about.kernel;
  const kernel: KnownKernel = { fingerprint, release, version, machine, buildId, configDigest };
  // The digest is part of it, so two kernels that look the same do not replace each other's entry.
  const hash = hashOf([
    version ?? null,
    machine ?? null,
    buildId ?? null,
    configDigest ?? null,
    about.digest,
  ]);
  return { ...about, origin: about.origin, kernel, id: `${entryPrefix(kernel)}${hash.slice(0, 32)}` };
}

/** Gives `text` if it is an entry's id, which may become part of a path, else undefined. */
export function asEntryId(text: string): string | undefined {
  return /^[0-9a-f]{16}-[0-9a-f]{32}$/.test(text) ? text : undefined;
}

/** The JSON object of an entry's file. */
export function entryFields(entry: CacheEntry): Record<string, unknown> {
  const { id: _, kernel, created, ...rest } = entry;
  return { ...kernel, ...rest, created: created.toISOString() };
}

/** @throws Malformed if the fields are not an entry's. */
export function parseEntry(fields: Fields): CacheEntry {
  return makeEntry({
    kernel: parseKnownKernel(fields),
    digest: fields.digest("digest"),
    bytes: fields.count("bytes"),
    source: fields.parsed("source", asSource),
    origin: optionalText(fields, "origin"),
    created: fields.date("created"),
    tool: fields.text("tool"),
  });
}

/** @throws Malformed if the fields do not describe a kernel that a device runs. */
export function parseKernel(fields: Fields): Kernel {
  return {
    ...parseKnownKernel(fields),
    fingerprint: fields.text("fingerprint"),
    version: fields.text("version"),
    machine: fields.text("machine"),
  };
}

/**
 * An entry without fingerprint, version or machine counts as unreadable to versions of kheaders that import nothing, so
 * it serves nobody there.
 */
function parseKnownKernel(fields: Fields): KnownKernel {
  return {
    release: fields.text("release"),
    fingerprint: optionalText(fields, "fingerprint"),
    version: optionalText(fields, "version"),
    machine: optionalText(fields, "machine"),
    buildId: fields.optional("buildId", (name) => fields.parsed(name, asBuildId)),
    configDigest: fields.optional("configDigest", (name) => fields.parsed(name, asDigest)),
  };
}

function optionalText(fields: Fields, name: string): string | undefined {
  return fields.optional(name, (present) => fields.text(present));
}

const sources: readonly Source[] = ["built-in", "loaded", "module", "file", "store"];

function asSource(text: string): Source | undefined {
  return sources.find((source) => source === text);
}
