import type { Option } from "commander";
import { stallSeconds } from "../../../shared/protocol.js";
import type { PullOptions } from "../../pull/options.js";
import type { Context } from "../run.js";
import { openCacheOf } from "./cache.js";
import { choiceOf, type GlobalFlags, serverOf, waitOf } from "./global.js";
import { option } from "./option.js";
import { type StoreFlags, storeUseOf, storeUseOptions } from "./store.js";
import { parseSeconds } from "./units.js";

/** Options of every command that pulls. */
export interface PullFlags extends GlobalFlags, StoreFlags {
  readonly refresh?: boolean;
  readonly offline?: boolean;
  readonly keepLoaded?: boolean;
  readonly load: boolean;
  readonly allowMismatch?: boolean;
  readonly trustRelease?: boolean;
  readonly su: boolean;
  readonly root?: boolean;
  /** Seconds. */
  readonly stall: number;
}

export const noSuOption: Option = option("--no-su", "never ask su for root");

/** Options that make sense also when several devices are pulled from, with no person watching. */
export const sharedPullOptions: readonly Option[] = [
  option("--no-load", "do not load kheaders.ko: take the headers out of the file"),
  option("--allow-mismatch", "unpack the headers even if they are not the running kernel's"),
  option("--trust-release", "treat kernels with equal fingerprint and release as the same"),
  noSuOption,
  option("--stall <seconds>", "end a transfer that does not move for this long", {
    parse: parseSeconds,
    default: stallSeconds,
  }),
  ...storeUseOptions,
];

/** The options of {@link PullFlags}. */
export const pullOptions: readonly Option[] = [
  option("--refresh", "pull from the device even if the cache has the headers"),
  option("--offline", "use only the cache"),
  option("--keep-loaded", "leave the module loaded (see: kheaders unload)"),
  option("--root", "restart adbd as root if needed, and put it back (ends other sessions on the device)"),
  ...sharedPullOptions,
];

/** What the flags ask the library for. @throws KheadersError `usage`, `cache-failed` or `cache-format`. */
export async function pullOptionsOf(context: Context<PullFlags>): Promise<PullOptions> {
  const { flags, reporter } = context;
  return {
    ...(await sharedPullOptionsOf(context)),
    choice: choiceOf(flags, process.env),
    root: flags.root ? "adb" : flags.su ? "su" : "never",
    onProgress: reporter.on,
  };
}

/** As {@link pullOptionsOf}, without what is different for each of several devices. */
export async function sharedPullOptionsOf({
  flags,
  signal,
}: Context<PullFlags>): Promise<Omit<PullOptions, "choice" | "root" | "onProgress">> {
  return {
    server: serverOf(flags, process.env),
    cache: await openCacheOf(flags),
    waitSeconds: waitOf(flags),
    refresh: flags.refresh === true,
    offline: flags.offline === true,
    keepLoaded: flags.keepLoaded === true,
    load: flags.load,
    allowMismatch: flags.allowMismatch === true,
    trustRelease: flags.trustRelease === true,
    store: storeUseOf(flags),
    stallSeconds: flags.stall,
    signal,
  };
}
