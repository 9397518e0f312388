import { statSync } from "node:fs";
import { KheadersError } from "../../../shared/errors.js";
import { asDigestBeginning, type Digest } from "../../../shared/identity.js";
import { printable } from "../../../shared/printable.js";
import type { Cache, CacheEntry } from "../../cache/index.js";
import { readTreeFacts } from "../../kernel/tree-facts.js";
import type { PullOptions } from "../../pull/options.js";
import { type LocatedTree, withTree } from "../../pull/tree/locate.js";
import type { Both, KernelSide } from "./kernel-diff.js";

/** Which kernels to compare. */
export interface KernelNames {
  /**
   * A folder, the digest of a cached archive, a release, the name of a file that was imported, or a serial; `previous` is the
   * kernel that the chosen device ran before the one that it runs now.
   */
  readonly old: string | { readonly previous: true };
  /** The same; undefined for the kernel that the chosen device runs. */
  readonly new: string | undefined;
}

/** A kernel whose tree is held. */
export interface HeldSide extends KernelSide {
  readonly located: LocatedTree;
  /** What the cache knows of it. */
  readonly entry: CacheEntry | undefined;
}

/** What is asked for to get at the tree of a kernel. */
interface Wanted {
  readonly name: string;
  /** As for {@link withTree}. */
  readonly what: string | undefined;
  /** The kernel that is meant, if its archive serves several. */
  readonly entry: CacheEntry | undefined;
  readonly options: PullOptions;
}

/** Errors that mean that no device has that serial. */
const noSuchDevice: ReadonlySet<string> = new Set([
  "unknown-serial",
  "no-device",
  "adb-failed",
  "adb-not-found",
]);

/**
 * Finds both kernels and runs `work`. Until it ends, their trees are neither pruned nor removed.
 *
 * @throws KheadersError `not-cached`, `several-kernels`, and what pulling from a device and `work` throw.
 */
export async function withSides<T>(
  names: KernelNames,
  options: PullOptions,
  work: (sides: Both<HeldSide>) => Promise<T>,
): Promise<T> {
  const { old } = names;
  // The device's kernel comes first: only then is it known which one came before.
  if (typeof old !== "string")
    return withSide(named(names.new, options), (now) =>
      withSide(previousOf(now, options), (before) => work({ old: before, new: now })),
    );
  return withSide(named(old, options), (before) =>
    withSide(named(names.new, options), (now) => work({ old: before, new: now })),
  );
}

async function withSide<T>(wanted: Wanted, work: (side: HeldSide) => Promise<T>): Promise<T> {
  let isLocated = false;
  const hold = ({ name, what, entry, options }: Wanted) =>
    withTree(what, options, (located) => {
      isLocated = true;
      return work(sideOf(name, located, entry));
    });
  try {
    return await hold(wanted);
  } catch (error) {
    const isDevice = wanted.what === undefined && wanted.options.choice.serial === wanted.name;
    if (isLocated || !isDevice || !(error instanceof KheadersError) || !noSuchDevice.has(error.code))
      throw error;
    return hold(lastOf(wanted, error));
  }
}

function sideOf(name: string, located: LocatedTree, known: CacheEntry | undefined): HeldSide {
  const { tree, digest } = located;
  const entry = known ?? located.entry;
  const unknown = { fingerprint: undefined, version: undefined, machine: undefined, buildId: undefined };
  const kernel =
    (located.from === "device" ? located.result.kernel : entry?.kernel) ??
    ({ ...unknown, configDigest: undefined, release: readTreeFacts(tree).release } as const);
  const serial = located.from === "device" ? located.result.serial : undefined;
  return { name, serial, digest, tree, kernel, located, entry };
}

function named(name: string | undefined, options: PullOptions): Wanted {
  if (name === undefined) return { name: "the device", what: undefined, entry: undefined, options };
  if (statSync(name, { throwIfNoEntry: false })?.isDirectory())
    return { name, what: name, entry: undefined, options };
  const entries = options.cache.entries();
  if (asDigestBeginning(name) !== undefined && entries.some(({ digest }) => digest.startsWith(name)))
    return { name, what: name, entry: undefined, options };
  const file = name.split("/").at(-1) ?? "";
  const meant = entries.filter(
    ({ kernel, origin }) => kernel.release === name || origin?.split(", ").includes(printable(file)),
  );
  const [entry] = meant;
  if (entry === undefined)
    return { name, what: undefined, entry, options: { ...options, choice: { serial: name } } };
  if (new Set(meant.map(({ digest }) => digest)).size > 1) throw severalKernels(name);
  return cached(name, entry, options);
}

/** The kernel that a device ran when it was last seen. */
function lastOf({ name, options }: Wanted, cause: KheadersError): Wanted {
  const [last] = options.cache.seenOn(name);
  if (last === undefined)
    throw new KheadersError(
      "not-cached",
      `${printable(name, 4096)} is not a folder, nor a digest, release or imported file in the cache, and no such device is connected`,
      { hint: "See what there is with: kheaders cache ls; kheaders devices", cause },
    );
  options.onProgress({
    type: "notice",
    message: `${printable(name)} is not connected; the kernel that it ran last is compared`,
  });
  return cached(name, last.entry, options);
}

/** The kernel that a device ran before the one that it runs. */
function previousOf({ serial, entry }: HeldSide, options: PullOptions): Wanted {
  if (serial === undefined)
    throw new KheadersError("usage", "--last compares the kernels of a device, and no device was asked");
  const before = previousEntry(options.cache, serial, entry);
  if (before === undefined)
    throw new KheadersError(
      "not-cached",
      `the cache has no other kernel that ${printable(serial)} ran before`,
      {
        hint: "Pull before and after a kernel is swapped. See which kernels are cached: kheaders cache ls",
      },
    );
  return cached("--last", before, options);
}

/** The entry of the kernel that a serial ran before the one of an entry. */
export function previousEntry(
  cache: Pick<Cache, "seenOn">,
  serial: string,
  current: CacheEntry | undefined,
): CacheEntry | undefined {
  return cache.seenOn(serial).find(({ entry }) => entry.id !== current?.id)?.entry;
}

function cached(name: string, entry: CacheEntry, options: PullOptions): Wanted {
  const what: Digest = entry.digest;
  return { name, what, entry, options };
}

function severalKernels(name: string): KheadersError {
  return new KheadersError("several-kernels", `the cache has several kernels called ${printable(name)}`, {
    hint: "Name one by its digest; see: kheaders cache ls",
  });
}
