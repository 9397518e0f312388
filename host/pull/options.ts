import type { ProgressListener } from "../../shared/progress.js";
import { stallSeconds } from "../../shared/protocol.js";
import type { RootMode } from "../adb/adbd-root.js";
import type { DeviceChoice } from "../adb/devices.js";
import { chooseEndpoint, type EndpointOptions } from "../adb/endpoint.js";
import type { AdbServer } from "../adb/server.js";
import { type Cache, cacheDir as chooseCacheDir, openCache as openCacheIn } from "../cache/index.js";
import type { StoreUse } from "./shared-store.js";

/** What to pull, from where, and how. */
export interface PullOptions {
  readonly server: AdbServer;
  readonly choice: DeviceChoice;
  readonly cache: Cache;
  /** Seconds to wait for the device to connect; 0: does not wait. */
  readonly waitSeconds: number;
  /** Ignores what the cache has. */
  readonly refresh: boolean;
  /** Answers from the cache alone: a device is only asked which kernel it runs. */
  readonly offline: boolean;
  /** Leaves the module loaded. */
  readonly keepLoaded: boolean;
  /** Loads kheaders.ko if the kernel shows no archive. If false, the archive is taken out of that file. */
  readonly load: boolean;
  /** Unpacks an archive of another kernel anyway, apart from those of this kernel. */
  readonly allowMismatch: boolean;
  /** Serves by fingerprint and release alone. */
  readonly trustRelease: boolean;
  /** A store that hosts share: asked before the device is. Undefined: none. */
  readonly store: StoreUse | undefined;
  /** How the device may become root if that is needed. */
  readonly root: RootMode;
  /** Seconds after which a stalled transfer is ended. */
  readonly stallSeconds: number;
  readonly signal: AbortSignal;
  readonly onProgress: ProgressListener;
}

/** Options that may be left out. */
export type Optional<T> = { readonly [K in keyof T]?: T[K] | undefined };

/**
 * The adb server that adb's environment variables name, or the options `-H`, `-P` and `-L`. It is contacted only when it
 * is used, and started then if none runs on this machine.
 *
 * @throws KheadersError `usage` for an invalid address.
 */
export function adbServer(
  options: EndpointOptions = {},
  environment: NodeJS.ProcessEnv = process.env,
): AdbServer {
  return { endpoint: chooseEndpoint(options, environment), environment };
}

/** The cache's folder: `KHEADERS_CACHE_DIR`, or the platform's. @throws KheadersError `cache-failed` without a home. */
export function cacheDir(environment: NodeJS.ProcessEnv = process.env): Promise<string> {
  return chooseCacheDir(environment, undefined);
}

/**
 * Opens a cache, by default that of the commands. Nothing is written until there is something to keep.
 *
 * @throws KheadersError `cache-format` for the cache of another version; `cache-failed`.
 */
export async function openCache(options: { readonly dir?: string | undefined } = {}): Promise<Cache> {
  const dir = await chooseCacheDir(process.env, options.dir);
  return openCacheIn({ dir, tool: KHEADERS_VERSION });
}

/** The device that `ANDROID_SERIAL` names; without it the only one. */
export function defaultChoice(environment: NodeJS.ProcessEnv = process.env): DeviceChoice {
  return environment.ANDROID_SERIAL ? { serial: environment.ANDROID_SERIAL } : {};
}

/** A signal that never aborts. */
export function neverAborts(): AbortSignal {
  return new AbortController().signal;
}

/** Does nothing: for events that no one asked for. */
export function ignore(): void {}

/** All options of a pull; those that were left out as on the command line without flags. */
export async function completePullOptions(options: Optional<PullOptions>): Promise<PullOptions> {
  return {
    ...(await completeSharedOptions(options)),
    choice: options.choice ?? defaultChoice(),
    root: options.root ?? "su",
    onProgress: options.onProgress ?? ignore,
  };
}

/** The options of a pull that are the same for one device and for several. */
export async function completeSharedOptions(
  options: Optional<Omit<PullOptions, "choice" | "onProgress" | "root">>,
): Promise<Omit<PullOptions, "choice" | "onProgress" | "root">> {
  return {
    server: options.server ?? adbServer(),
    cache: options.cache ?? (await openCache()),
    waitSeconds: options.waitSeconds ?? 0,
    refresh: options.refresh ?? false,
    offline: options.offline ?? false,
    keepLoaded: options.keepLoaded ?? false,
    load: options.load ?? true,
    allowMismatch: options.allowMismatch ?? false,
    trustRelease: options.trustRelease ?? false,
    store: options.store,
    stallSeconds: options.stallSeconds ?? stallSeconds,
    signal: options.signal ?? neverAborts(),
  };
}
