import path from "node:path";
import { asDigest, type Digest } from "../../shared/identity.js";
import { chunksOf } from "../archive/chunks.js";
import { type Cache, type CacheEntry, isStamped, readIfThere } from "../cache/index.js";
import { autoconfPath } from "../kernel/belonging.js";
import { parseAutoconf } from "../kernel/config.js";
import { keptConfigFile } from "../pull/kept-config.js";
import { digestOfBytes } from "../store/content.js";
import { sizeOf } from "../store/local-file.js";
import type { Content } from "../store/repository.js";
import { readSymversRecord, symversName, textName } from "../symvers/record.js";
import { mediaTypeOf, type PartName } from "./kernel-manifest.js";
import { optionsDigestOf } from "./options-digest.js";

/** Bytes of an `autoconf.h`. Those of full distributions have some 300 KB. */
const maxAutoconfBytes = 8 * 1024 * 1024;
/** Bytes of what is read into memory to be digested; its own limit is smaller. */
const maxPartBytes = 64 * 1024 * 1024;

/** The digest of the options of a tree's kernel; undefined if the tree does not say them. */
export function optionsDigestOfTree(tree: string): Digest | undefined {
  const text = readIfThere(path.join(tree, autoconfPath), maxAutoconfBytes);
  return text === undefined ? undefined : optionsDigestOf(parseAutoconf(text.toString()));
}

/** The archive of an entry, as content for a store. */
export function archiveOf(entry: CacheEntry, file: string, signal: AbortSignal): Content {
  const { digest, bytes } = entry;
  return { mediaType: mediaTypeOf("archive"), digest, size: bytes, bytes: () => chunksOf(file, signal) };
}

/**
 * What the cache keeps of an entry's kernel beside its headers, as content for a store. Symbol versions of which some could
 * not be read are left out: who takes them would take them for all.
 */
export function partsOf(cache: Cache, entry: CacheEntry, signal: AbortSignal): Map<PartName, Content> {
  const files: readonly (readonly [PartName, string | undefined])[] = [
    ["config", keptConfigFile(cache, entry)],
    ["symvers", symversFile(cache, entry)],
    ["btf", btfFile(cache, entry)],
  ];
  return new Map(
    files.flatMap(([name, file]): [PartName, Content][] => {
      const content = file === undefined ? undefined : contentOfFile(name, file, signal);
      return content === undefined ? [] : [[name, content]];
    }),
  );
}

function contentOfFile(name: PartName, file: string, signal: AbortSignal): Content | undefined {
  const bytes = readIfThere(file, maxPartBytes);
  if (bytes === undefined || sizeOf(file) !== bytes.length) return undefined;
  const digest = asDigest(digestOfBytes(bytes));
  if (digest === undefined) return undefined;
  return { mediaType: mediaTypeOf(name), digest, size: bytes.length, bytes: () => chunksOf(file, signal) };
}

function symversFile(cache: Cache, entry: CacheEntry): string | undefined {
  const folder = cache.extra(entry.digest, symversName(entry));
  const record = folder === undefined ? undefined : readSymversRecord(folder);
  if (folder === undefined || record === undefined || record.isPartial || record.denied.length > 0)
    return undefined;
  return path.join(folder, textName);
}

/** The BTF that the cache has of the same kernel: by its build-id, or by all else that makes a stamped kernel. */
function btfFile(cache: Cache, { kernel }: CacheEntry): string | undefined {
  const { release, version, machine, buildId, configDigest } = kernel;
  const same = cache.btf.entries().find(({ kernel: other }) => {
    if (other.release !== release || other.version !== version || other.machine !== machine) return false;
    if (buildId !== undefined && other.buildId !== undefined) return buildId === other.buildId;
    return configDigest !== undefined && configDigest === other.configDigest && isStamped(release, version);
  });
  return same && cache.btf.open(same);
}
