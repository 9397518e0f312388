import { KheadersError } from "../../shared/errors.js";
import { asDigestBeginning } from "../../shared/identity.js";
import type { CacheEntry, KeepExtraOptions, MakeExtra } from "../cache/index.js";
import { type Architecture, architectureOfMachine } from "../kernel/architecture.js";
import { readTreeFacts } from "../kernel/tree-facts.js";
import type { PullOptions } from "../pull/options.js";
import { holdTree } from "../pull/tree/hold.js";
import { type LocatedTree, withTree } from "../pull/tree/locate.js";
import { cachedEntry } from "./entry.js";
import type { BtfRecord, MadeBtf } from "./from-headers.js";

/** Where BTF comes from: the kernel itself, a file that was imported, or the kernel's headers. */
export type BtfSource = "device" | "file" | "headers";

/** Which BTF to give, and how to get it. `refresh` is of the BTF alone. */
export interface BtfOptions extends PullOptions {
  /** The only source that will do; undefined for the best that there is: the kernel itself, then a file, then headers. */
  readonly from: BtfSource | undefined;
  /** For headers: a path, or a name in PATH. */
  readonly clang: string;
}

/** The BTF of a kernel, while it is held. */
export interface LocatedBtf {
  /** Absolute path of raw BTF. */
  readonly path: string;
  readonly from: BtfSource;
  /** Of the kernel, as `uname -r`. */
  readonly release: string;
  /** Of the kernel; undefined if it is unknown. */
  readonly architecture: Architecture | undefined;
  /** The device, if one was asked. */
  readonly serial: string | undefined;
  readonly cache: "hit" | "miss";
  /** For headers: of which it was made. */
  readonly made: BtfRecord | undefined;
  /** Keeps what is made of it beside it, as `Cache.keepExtra`; undefined if it is not in the cache. */
  readonly keep: ((name: string, make: MakeExtra, options: KeepExtraOptions) => Promise<string>) | undefined;
}

/**
 * Locates the BTF of a kernel and runs `work` on it. Until it ends, the file is neither pruned nor removed.
 *
 * @param what A tree: a folder, or the digest of a cached archive; the digest of cached BTF; undefined for the kernel that
 * the chosen device runs.
 * @throws KheadersError `no-btf`, `needs-root` and the other codes of status 5, `tool-missing`, `compile-failed`,
 * `not-cached`, and what reaching a device, pulling its headers and `work` throw.
 */
export function withBtf<T>(
  what: string | undefined,
  options: BtfOptions,
  work: (located: LocatedBtf) => Promise<T>,
): Promise<T> {
  const ofTree = (before?: KheadersError) =>
    withTreeOf(what, options, before, (located) => withBtfOfTree(located, options, work));
  const named = what === undefined ? undefined : entryNamed(what, options);
  if (named !== undefined) return withEntry(named, options, undefined, work, ofTree);
  if (what !== undefined || (options.from ?? "device") !== "device") return ofTree();
  return holdTree(
    options.cache.btf,
    () => locateOnDevice(options),
    (found) => ("btf" in found ? work(found.btf) : ofTree(found.failure)),
  );
}

/** The running kernel's own BTF, or why there is none, if another source may do. */
async function locateOnDevice(options: BtfOptions) {
  const { btfOfDevice } = await import("./device.js");
  try {
    const found = await btfOfDevice(options);
    // That of a file serves as well, unless the kernel's own is insisted on.
    const isOther = options.from === "device" && sourceOf(found.entry) !== "device";
    const { path, serial, entry, cache } = isOther ? await btfOfDevice({ ...options, refresh: true }) : found;
    return { tree: path, digest: entry.digest, btf: { ...ofEntry(path, entry, options), serial, cache } };
  } catch (failure) {
    if (options.from === "device" || !mayBeElsewhere(failure)) throw failure;
    if (isPermission(failure))
      options.onProgress({ type: "notice", message: `${failure.message}; looking for BTF of its headers` });
    return { tree: "", digest: undefined, failure };
  }
}

/** Whether an error says that a kernel has no BTF that we may read. */
function mayBeElsewhere(error: unknown): error is KheadersError {
  if (!(error instanceof KheadersError)) return false;
  return error.code === "no-btf" || error.code === "not-cached" || isPermission(error);
}

const isPermission = ({ exitStatus }: KheadersError) => exitStatus === 5;

/** As `withTree`; an error for want of headers also says why there is no BTF without them. */
async function withTreeOf<T>(
  what: string | undefined,
  options: BtfOptions,
  before: KheadersError | undefined,
  work: (located: LocatedTree) => Promise<T>,
): Promise<T> {
  let isLocated = false;
  try {
    return await withTree(what, { ...options, refresh: false }, (located) => {
      isLocated = true;
      return work(located);
    });
  } catch (error) {
    if (isLocated || before === undefined || !(error instanceof KheadersError)) throw error;
    if (![3, 4, 5].includes(error.exitStatus)) throw error;
    const { code, hint } = isPermission(before) ? before : error;
    throw new KheadersError(
      code,
      `${before.message}; and there are no headers to make it from: ${error.message}`,
      {
        hint,
        cause: error,
      },
    );
  }
}

async function withBtfOfTree<T>(
  located: LocatedTree,
  options: BtfOptions,
  work: (located: LocatedBtf) => Promise<T>,
): Promise<T> {
  const { from } = options;
  const otherwise = () => {
    if (from !== undefined && from !== "headers") throw notThere(from);
    return withBtfOfHeaders(located, options, work);
  };
  const entry = located.entry && findEntry(located.entry, options);
  return entry === undefined ? otherwise() : withEntry(entry, options, serialOf(located), work, otherwise);
}

/** Runs `work` on the BTF of an entry while it is held, or does something else if it is gone. */
async function withEntry<T>(
  entry: CacheEntry,
  options: BtfOptions,
  serial: string | undefined,
  work: (located: LocatedBtf) => Promise<T>,
  otherwise: () => Promise<T>,
): Promise<T> {
  const { btf } = options.cache;
  const lease = await btf.acquireLease(entry.digest);
  try {
    const path = btf.open(entry);
    if (path !== undefined) return await work({ ...ofEntry(path, entry, options), serial, cache: "hit" });
  } finally {
    lease.release();
  }
  return otherwise();
}

/** The entry of cached BTF by the beginning of its digest, if it is from a source that will do. */
function entryNamed(what: string, { cache, from }: BtfOptions): CacheEntry | undefined {
  if (asDigestBeginning(what) === undefined) return undefined;
  return cache.btf
    .entries()
    .find((entry) => entry.digest.startsWith(what) && (from === undefined || from === sourceOf(entry)));
}

async function withBtfOfHeaders<T>(
  located: LocatedTree,
  options: BtfOptions,
  work: (located: LocatedBtf) => Promise<T>,
): Promise<T> {
  const { headerWarnings } = await import("../build/tree-warnings.js");
  const { keptBtfFromHeaders, withBtfFromHeaders } = await import("./from-headers.js");
  const { tree, digest } = located;
  const { release, architecture, config } = readTreeFacts(tree);
  const [warning] = headerWarnings({ config });
  if (options.from === undefined && warning !== undefined)
    throw new KheadersError("no-btf", warning, {
      hint: "To make it all the same: kheaders btf --from headers",
    });
  if (warning !== undefined) options.onProgress({ type: "warning", message: warning });
  const describe = ({ path, cache, headers, leftOut }: MadeBtf) => ({
    path,
    from: "headers" as const,
    release,
    architecture,
    serial: serialOf(located),
    cache,
    made: { headers, leftOut },
  });
  if (digest === undefined)
    return withBtfFromHeaders(tree, options, (made) => work({ ...describe(made), keep: undefined }));
  const made = await keptBtfFromHeaders(tree, digest, options);
  return work({ ...describe(made), keep: (...extra) => options.cache.keepExtra(digest, ...extra) });
}

function serialOf(located: LocatedTree): string | undefined {
  return located.from === "device" ? located.result.serial : undefined;
}

/** The entry of a BTF file of a tree's kernel, if it is from a source that will do. */
function findEntry({ kernel }: CacheEntry, { cache, from }: BtfOptions): CacheEntry | undefined {
  const entry = from === "headers" ? undefined : cachedEntry(kernel, cache.btf);
  return entry && (from === undefined || from === sourceOf(entry)) ? entry : undefined;
}

function sourceOf({ source }: CacheEntry): BtfSource {
  return source === "file" ? "file" : "device";
}

function ofEntry(path: string, entry: CacheEntry, { cache }: BtfOptions) {
  return {
    path,
    from: sourceOf(entry),
    release: entry.kernel.release,
    architecture: architectureOfMachine(entry.kernel.machine ?? ""),
    made: undefined,
    keep: (name: string, make: MakeExtra, options: KeepExtraOptions) =>
      cache.btf.keepExtra(entry.digest, name, make, options),
  };
}

function notThere(from: BtfSource): KheadersError {
  if (from === "device")
    return new KheadersError("not-cached", "the BTF of this tree's kernel itself is not cached", {
      hint: "Get it from a device that runs it: kheaders btf",
    });
  return new KheadersError("not-cached", "no BTF of this kernel was imported");
}
