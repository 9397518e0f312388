import type { Command } from "commander";
import { stallSeconds } from "../../../shared/protocol.js";
import type { PullOptions } from "../../pull/pull.js";
import type { RunContext } from "../run.js";
import { openCacheOf } from "./cache.js";
import { choiceOf, type GlobalFlags, seconds, serverOf, waitOf } from "./global.js";

/** Options of every command that pulls. */
export interface PullFlags extends GlobalFlags {
  readonly refresh?: boolean;
  readonly offline?: boolean;
  readonly keepLoaded?: boolean;
  readonly allowMismatch?: boolean;
  readonly trustRelease?: boolean;
  readonly su: boolean;
  readonly root?: boolean;
  /** Seconds. */
  readonly stall: number;
}

export function addPullOptions(command: Command): Command {
  command
    .option("--refresh", "pull from the device, whatever the cache has")
    .option("--offline", "answer from the cache alone")
    .option("--keep-loaded", "leave the module loaded (see: kheaders unload)")
    .option("--root", "restart adbd as root if need be, and put it back (ends other sessions on the device)");
  return addCommonPullOptions(command);
}

/** Options that make sense also where nobody is at the device, and many are pulled from. */
export function addCommonPullOptions(command: Command): Command {
  return command
    .option("--allow-mismatch", "unpack headers that are not of the running kernel, too")
    .option("--trust-release", "take an equal fingerprint and release for the same kernel")
    .option("--no-su", "never ask su for root")
    .option(
      "--stall <seconds>",
      "give a transfer up that does not move for this long",
      seconds,
      stallSeconds,
    );
}

/** What the flags ask the library for. @throws KheadersError `usage`, `cache-failed` or `cache-format`. */
export async function pullOptionsOf(flags: PullFlags, context: RunContext): Promise<PullOptions> {
  return {
    ...(await sharedPullOptionsOf(flags, context)),
    choice: choiceOf(flags, process.env),
    root: flags.root ? "adb" : flags.su ? "su" : "never",
    onProgress: context.reporter.on,
  };
}

/** What the flags ask for of every device, where several may be meant. @throws as {@link pullOptionsOf} does. */
export async function sharedPullOptionsOf(
  flags: PullFlags,
  context: RunContext,
): Promise<Omit<PullOptions, "choice" | "root" | "onProgress">> {
  return {
    server: serverOf(flags, process.env),
    cache: await openCacheOf(flags),
    waitSeconds: waitOf(flags),
    refresh: flags.refresh === true,
    offline: flags.offline === true,
    keepLoaded: flags.keepLoaded === true,
    allowMismatch: flags.allowMismatch === true,
    trustRelease: flags.trustRelease === true,
    stallSeconds: flags.stall,
    signal: context.signal,
  };
}
