import type { Command, Option } from "commander";
import { KheadersError } from "../../../shared/errors.js";
import type { DeviceChoice } from "../../adb/devices.js";
import { chooseEndpoint, parsePort } from "../../adb/endpoint.js";
import type { AdbServer } from "../../adb/server.js";
import { defaultTimeoutSeconds } from "../../farm/deadline.js";
import { option } from "./option.js";
import { collect, parseSeconds } from "./units.js";

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
  /** Seconds; true for as long as the timeout allows. */
  readonly wait?: number | true;
  readonly cacheDir?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

const globalOptions: readonly Option[] = [
  option("-s <serial>", "use the device with this serial (or set ANDROID_SERIAL)", { parse: collect }),
  option("-d", "use the device on USB"),
  option("-e", "use the emulator or network device"),
  option("-t <id>", "use the device with this transport id"),
  option("-H <host>", "adb server's host (default: localhost)"),
  option("-P <port>", "adb server's port (default: 5037)", { parse: parsePort }),
  option("-L <socket>", "adb server's socket, such as tcp:localhost:5037"),
  option("--timeout <seconds>", "give up after this time", {
    parse: parseSeconds,
    default: defaultTimeoutSeconds,
  }),
  option<number | true>("--wait [seconds]", "wait until a device is connected", { parse: parseWait }),
  option("--cache-dir <dir>", "the cache's folder (or set KHEADERS_CACHE_DIR)"),
  option("--json", "print the result as JSON"),
  option("-q, --quiet", "print nothing but the result and errors"),
  option("-v, --verbose", "show each step as it happens"),
].map((added) => added.helpGroup("Options of every command:"));

/** As {@link parseSeconds}; without a number it is for as long as the timeout allows. */
function parseWait(text: string, name: string): number | true {
  return text === "" || parseSeconds(text, name);
}

/** Adds the options of {@link GlobalFlags}. */
export function addGlobalOptions(command: Command): void {
  for (const added of globalOptions) command.addOption(added);
}

/** The adb server that the flags and the environment name. @throws KheadersError `usage`. */
export function serverOf(flags: GlobalFlags, environment: NodeJS.ProcessEnv): AdbServer {
  const endpoint = chooseEndpoint({ host: flags.H, port: flags.P, socket: flags.L }, environment);
  return { endpoint, environment };
}

/**
 * The device that the flags choose, else `ANDROID_SERIAL`: as with adb, the variable counts only where no flag chooses.
 *
 * @throws KheadersError `usage` where several are named.
 */
export function choiceOf(flags: GlobalFlags, environment: NodeJS.ProcessEnv): DeviceChoice {
  if (flags.t !== undefined) return { transportId: flags.t };
  const [serial, another] = new Set(flags.s);
  if (another !== undefined) {
    throw new KheadersError("usage", "this command takes one device, but -s was given several times", {
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
