import path from "node:path";
import type { KernelIdentity } from "../../../shared/identity.js";
import { isNotWritable } from "../disk/errors.js";
import type { Fields } from "../disk/fields.js";
import { readJson, writeJson } from "../disk/json-file.js";
import { touch } from "../disk/last-use.js";
import type { CachePaths } from "../disk/paths.js";
import { statIfThere } from "../disk/stat.js";
import { namesIn, readEntry } from "./entries.js";
import { asEntryId, type CacheEntry, type Kernel, parseKernel } from "./entry.js";

/**
 * Says that a serial, in one boot, ran the kernel of an entry. It was proven, and holds as long as that boot
 * lasts.
 */
export interface BootSighting {
  readonly serial: string;
  readonly bootId: string;
  /** The entry's id. */
  readonly entry: string;
}

/**
 * The entry of the kernel that `serial` ran in that boot, if one was proven.
 *
 * @throws KheadersError `cache-failed`.
 */
export function entryOfBoot(paths: CachePaths, serial: string, bootId: string): CacheEntry | undefined {
  const sighting = readJson(paths.boot(serial, bootId), parseBoot);
  if (sighting?.serial !== serial || sighting.bootId !== bootId) return undefined;
  return readEntry(paths, sighting.entry);
}

/** The kernel that was last seen on a serial. @throws KheadersError `cache-failed`. */
export function lastKernelOf(paths: CachePaths, serial: string): Kernel | undefined {
  const sighting = readJson(paths.serial(serial), parseSerial);
  return sighting?.serial === serial ? sighting.kernel : undefined;
}

/**
 * All boots in which a kernel was proven, as far as they can be read.
 *
 * @throws KheadersError `cache-failed`.
 */
export function allBootSightings(paths: CachePaths): (BootSighting & { readonly file: string })[] {
  return namesIn(paths.boots)
    .map((name) => path.join(paths.boots, name))
    .map((file) => readJson(file, (fields) => ({ ...parseBoot(fields), file })))
    .filter((sighting) => sighting !== undefined);
}

/** A kernel that ran on a serial in one boot. */
export interface SeenKernel {
  readonly bootId: string;
  readonly entry: CacheEntry;
}

/**
 * The kernels that a serial ran in the boots that are known, the latest first, as far as the cache still has them.
 *
 * @throws KheadersError `cache-failed`.
 */
export function kernelsSeenOn(paths: CachePaths, serial: string): SeenKernel[] {
  return allBootSightings(paths)
    .filter((sighting) => sighting.serial === serial)
    .map((sighting) => ({ ...sighting, time: statIfThere(sighting.file)?.mtimeMs ?? 0 }))
    .sort((one, other) => other.time - one.time)
    .flatMap(({ bootId, entry: id }) => {
      const entry = readEntry(paths, id);
      return entry === undefined ? [] : [{ bootId, entry }];
    });
}

/**
 * As {@link rememberSighting}, but does nothing in a cache that may not be written.
 *
 * @throws KheadersError `disk-full` or `cache-failed`.
 */
export function rememberIfAllowed(...sighting: Parameters<typeof rememberSighting>): void {
  try {
    rememberSighting(...sighting);
  } catch (error) {
    if (!(error instanceof Error) || !isNotWritable(error.cause)) throw error;
  }
}

/**
 * Remembers that `serial` runs the kernel of `entry`, which must have been proven. Writes only what is not
 * known yet.
 *
 * @throws KheadersError `disk-full` or `cache-failed`.
 */
export function rememberSighting(
  paths: CachePaths,
  serial: string,
  identity: KernelIdentity,
  entry: CacheEntry,
  now: Date,
): void {
  const { bootId, ...kernel } = identity;
  if (bootId !== undefined) rememberBoot(paths, { serial, bootId, entry: entry.id }, now);
  // The entry may know what this conversation did not ask for. A configuration that was imported may be another spelling
  // of the device's own.
  const its = entry.origin === undefined ? entry.kernel.configDigest : undefined;
  const seen: Kernel = {
    ...kernel,
    buildId: kernel.buildId ?? entry.kernel.buildId,
    configDigest: kernel.configDigest ?? its,
  };
  if (!sameKernel(lastKernelOf(paths, serial), seen)) writeJson(paths.serial(serial), { serial, ...seen });
}

function rememberBoot(paths: CachePaths, sighting: BootSighting, now: Date): void {
  const file = paths.boot(sighting.serial, sighting.bootId);
  if (readJson(file, parseBoot)?.entry === sighting.entry) touch(file, now);
  else writeJson(file, { ...sighting });
}

/** @throws Malformed if the fields are not a boot sighting's. */
function parseBoot(fields: Fields): BootSighting {
  return {
    serial: fields.text("serial"),
    bootId: fields.text("bootId"),
    entry: fields.parsed("entry", asEntryId),
  };
}

function parseSerial(fields: Fields): { serial: string; kernel: Kernel } {
  return { serial: fields.text("serial"), kernel: parseKernel(fields) };
}

function sameKernel(one: Kernel | undefined, other: Kernel): boolean {
  return (
    one?.fingerprint === other.fingerprint &&
    one.release === other.release &&
    one.version === other.version &&
    one.machine === other.machine &&
    one.buildId === other.buildId &&
    one.configDigest === other.configDigest
  );
}
