import { stallSeconds } from "../shared/protocol.js";
import type { DeviceChoice } from "./adb/devices.js";
import { chooseEndpoint, type EndpointOptions } from "./adb/endpoint.js";
import type { AdbServer } from "./adb/server.js";
import { type Cache, cacheDir, openCache } from "./cache/index.js";
import type { PullOptions } from "./pull/pull.js";

/** Options that may be left out. */
export type Optional<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** The adb server that options and adb's environment variables mean. @throws KheadersError `usage`. */
export function serverOf(options: EndpointOptions, environment: NodeJS.ProcessEnv): AdbServer {
  return { endpoint: chooseEndpoint(options, environment), environment };
}

/** The device that `ANDROID_SERIAL` means; without it the only one. */
export function defaultChoice(environment: NodeJS.ProcessEnv): DeviceChoice {
  return environment.ANDROID_SERIAL ? { serial: environment.ANDROID_SERIAL } : {};
}

/** Opens the cache in `dir`, else in the folder that the environment or the platform means. @throws as {@link openCache}. */
export async function openCacheIn(dir: string | undefined, environment: NodeJS.ProcessEnv): Promise<Cache> {
  return openCache({ dir: await cacheDir(environment, dir), tool: KHEADERS_VERSION });
}

/** A signal that never aborts. */
export function neverAborts(): AbortSignal {
  return new AbortController().signal;
}

/** What is common to all pulls, with what is left out as on the command line without flags. */
export async function withDefaults(
  options: Optional<Omit<PullOptions, "choice" | "onProgress" | "root">>,
): Promise<Omit<PullOptions, "choice" | "onProgress" | "root">> {
  return {
    server: options.server ?? serverOf({}, process.env),
    cache: options.cache ?? (await openCacheIn(undefined, process.env)),
    waitSeconds: options.waitSeconds ?? 0,
    refresh: options.refresh ?? false,
    offline: options.offline ?? false,
    keepLoaded: options.keepLoaded ?? false,
    allowMismatch: options.allowMismatch ?? false,
    trustRelease: options.trustRelease ?? false,
    stallSeconds: options.stallSeconds ?? stallSeconds,
    signal: options.signal ?? neverAborts(),
  };
}
