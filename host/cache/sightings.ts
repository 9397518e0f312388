import type { KernelIdentity } from "../../shared/identity.js";
import { readEntry } from "./entries.js";
import { asEntryId, type CacheEntry, type Kernel, parseKernel } from "./entry.js";
import type { Fields } from "./fields.js";
import { readJson, writeJson } from "./json-file.js";
import type { CachePaths } from "./paths.js";

/** That a serial, in one boot, ran the kernel of an entry: proven, and true for as long as that boot lasts. */
export interface BootSighting {
  readonly serial: string;
  readonly bootId: string;
  /** The entry's id. */
  readonly entry: string;
}

/** The entry of the kernel that `serial` ran in that boot, where one was proven. @throws KheadersError `cache-failed`. */
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
 * Remembers that `serial` runs the kernel of `entry`, which must have been proven. Writes only what is not known yet.
 *
 * @throws KheadersError `disk-full` or `cache-failed`.
 */
export function rememberSighting(
  paths: CachePaths,
  serial: string,
  identity: KernelIdentity,
  entry: CacheEntry,
): void {
  const { bootId, ...kernel } = identity;
  if (bootId !== undefined && entryOfBoot(paths, serial, bootId)?.id !== entry.id) {
    const sighting: BootSighting = { serial, bootId, entry: entry.id };
    writeJson(paths.boot(serial, bootId), { ...sighting });
  }
  // What this conversation did not ask for, the entry knows.
  const seen: Kernel = {
    ...kernel,
    buildId: kernel.buildId ?? entry.kernel.buildId,
    configDigest: kernel.configDigest ?? entry.kernel.configDigest,
  };
  if (!sameKernel(lastKernelOf(paths, serial), seen)) writeJson(paths.serial(serial), { serial, ...seen });
}

/** @throws Malformed where the fields are not a boot sighting's. */
export function parseBoot(fields: Fields): BootSighting {
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
