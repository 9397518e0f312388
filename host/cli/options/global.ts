import { type Command, InvalidArgumentError, Option } from "commander";
import { KheadersError } from "../../../shared/errors.js";
import type { DeviceChoice } from "../../adb/devices.js";
import { chooseEndpoint, parsePort } from "../../adb/endpoint.js";
import type { AdbServer } from "../../adb/server.js";
import { defaultTimeoutSeconds } from "../../farm/default-times.js";

/** Options that every command takes, before or after its name, as adb has them. */
export interface GlobalFlags {
  readonly s?: readonly string[];
  readonly d?: boolean;
  readonly e?: boolean;
  readonly t?: string;
  readonly H?: string;
  readonly P?: number;
  readonly L?: string;
  /** Seconds. */
  readonly timeout: number;
  /** Seconds; true for as long as the timeout lets it. */
  readonly wait?: number | true;
  readonly cacheDir?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

/** Adds the options of {@link GlobalFlags}. */
export function addGlobalOptions(program: Command): Command {
  return program
    .addOption(
      new Option("-s <serial>", "use the device with this serial (also: ANDROID_SERIAL)").argParser(collect),
    )
    .addOption(new Option("-d", "use the device on USB"))
    .addOption(new Option("-e", "use the emulator or network device"))
    .addOption(new Option("-t <id>", "use the device with this transport id"))
    .addOption(new Option("-H <host>", "adb server's host (default: localhost)"))
    .addOption(
      new Option("-P <port>", "adb server's port (default: 5037)").argParser((text) => parsePort(text, "-P")),
    )
    .addOption(new Option("-L <socket>", "adb server's socket, for example tcp:localhost:5037"))
    .addOption(
      new Option("--timeout <seconds>", "give up after this time")
        .argParser(seconds)
        .default(defaultTimeoutSeconds),
    )
    .addOption(new Option("--wait [seconds]", "wait for the device to come").argParser(seconds))
    .addOption(new Option("--cache-dir <dir>", "the cache's folder (also: KHEADERS_CACHE_DIR)"))
    .addOption(new Option("--json", "print the result as JSON"))
    .addOption(new Option("-q, --quiet", "print nothing but the result and errors"))
    .addOption(new Option("-v, --verbose", "show each step as it happens"));
}

/** The adb server that the flags and the environment mean. @throws KheadersError `usage`. */
export function serverOf(flags: GlobalFlags, environment: NodeJS.ProcessEnv): AdbServer {
  const endpoint = chooseEndpoint({ host: flags.H, port: flags.P, socket: flags.L }, environment);
  return { endpoint, environment };
}

/**
 * The device that the flags and `ANDROID_SERIAL` mean: the variable counts only where no flag chooses, as with adb.
 *
 * @throws KheadersError `usage` where several are named.
 */
export function choiceOf(flags: GlobalFlags, environment: NodeJS.ProcessEnv): DeviceChoice {
  if (flags.t !== undefined) return { transportId: flags.t };
  const [serial, another] = new Set(flags.s);
  if (another !== undefined) {
    throw new KheadersError("usage", "this works on one device, but -s names several", {
      hint: "Only pull and watch take several -s.",
    });
  }
  if (serial !== undefined) return { serial };
  if (flags.d) return { usb: true };
  if (flags.e) return { emulator: true };
  return environment.ANDROID_SERIAL ? { serial: environment.ANDROID_SERIAL } : {};
}

/** How long to wait for a device, in seconds. */
export function waitOf(flags: GlobalFlags): number {
  if (flags.wait === undefined) return 0;
  return flags.wait === true ? Number.POSITIVE_INFINITY : flags.wait;
}

/** Collects the values of an option that may come several times. */
export function collect(value: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), value];
}

/** Takes a positive number of seconds. */
export function seconds(text: string): number {
  const value = /^\d{1,6}(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (value <= 0) throw new InvalidArgumentError("A positive number of seconds is wanted.");
  return value;
}
