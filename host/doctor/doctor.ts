import { machine, release, type } from "node:os";
import { KheadersError } from "../../shared/errors.js";
import { printable } from "../../shared/printable.js";
import { stallSeconds } from "../../shared/protocol.js";
import { chooseDevice } from "../adb/choose.js";
import { AdbConnection, AdbServerAbsent } from "../adb/connection.js";
import { type Device, type DeviceChoice, readDevices } from "../adb/devices.js";
import { describeEndpoint } from "../adb/endpoint.js";
import { type AdbServer, findAdb } from "../adb/server.js";
import { adbServer, cacheDir, defaultChoice, neverAborts, type Optional } from "../pull/options.js";
import { checkCache, checkDisk } from "./cache.js";
import { attempt, type Check, CheckList, ok, skipped, warning } from "./check.js";
import { checkKernel } from "./kernel.js";

export type { Check } from "./check.js";

export interface DoctorOptions {
  readonly server: AdbServer;
  readonly choice: DeviceChoice;
  readonly cacheDir: string;
  /** The version of kheaders. */
  readonly tool: string;
  readonly stallSeconds: number;
  readonly signal: AbortSignal;
  /** Gets each check as soon as it is made. */
  readonly onCheck: (check: Check) => void;
}

/**
 * Checks everything that a pull needs, in that order, and changes nothing: it starts no adb server, loads no module and
 * never asks su.
 */
export async function doctor(given: Optional<DoctorOptions> = {}): Promise<Check[]> {
  const options = await complete(given);
  const checks = new CheckList(options.onCheck);
  checks.add(ok("versions", versions(options.tool)), checkAdb(options.server));
  const device = await checkServerAndDevice(options, checks);
  await checkKernel(options, device, checks);
  await checkDisk(options.cacheDir, checks);
  await checkCache(options, checks);
  return checks.all;
}

/** What a bug report needs. */
function versions(tool: string): string {
  return `kheaders ${tool}, Node ${process.versions.node}, ${type()} ${release()} ${machine()}`;
}

async function complete(given: Optional<DoctorOptions>): Promise<DoctorOptions> {
  return {
    server: given.server ?? adbServer(),
    choice: given.choice ?? defaultChoice(),
    cacheDir: given.cacheDir ?? (await cacheDir()),
    tool: given.tool ?? KHEADERS_VERSION,
    stallSeconds: given.stallSeconds ?? stallSeconds,
    signal: given.signal ?? neverAborts(),
    onCheck: given.onCheck ?? (() => undefined),
  };
}

function checkAdb(server: AdbServer): Check {
  const adb = findAdb(server.environment);
  if (adb !== undefined) return ok("adb", printable(adb));
  return warning(
    "adb",
    "adb was not found: only a server that is already running can be used",
    "Install platform-tools (Debian: apt install adb).",
  );
}

async function checkServerAndDevice(options: DoctorOptions, checks: CheckList): Promise<Device | undefined> {
  const { server, choice, signal } = options;
  const place = describeEndpoint(server.endpoint);
  const devices = await attempt(checks, "server", async () => {
    const version = await serverVersion(server, signal);
    const listed = await readDevices(await AdbConnection.open(server.endpoint, signal));
    checks.add(ok("server", `version ${version} at ${place}`));
    return listed;
  });
  if (devices === undefined) {
    checks.add(skipped("device"));
    return undefined;
  }
  return attempt(checks, "device", async () => {
    const device = await chooseDevice(server, devices, choice, signal);
    checks.add(
      ok(
        "device",
        [device.serial, device.model ?? ""]
          .map((text) => printable(text))
          .join(" ")
          .trim(),
      ),
    );
    return device;
  });
}

/** The version that the server says (AOSP packages/modules/adb/adb.cpp, `host:version`: hexadecimal digits). */
async function serverVersion(server: AdbServer, signal: AbortSignal): Promise<number> {
  try {
    const connection = await AdbConnection.open(server.endpoint, signal);
    try {
      await connection.ask("host:version");
      const answer = await connection.readValue();
      if (/^[0-9a-f]{1,8}$/i.test(answer)) return Number.parseInt(answer, 16);
      const place = describeEndpoint(server.endpoint);
      const message = `unexpected answer from the adb server at ${place}: the version "${printable(answer)}"`;
      throw new KheadersError("adb-failed", message, { hint: "Check it with: adb devices" });
    } finally {
      connection.close();
    }
  } catch (error) {
    if (!(error instanceof AdbServerAbsent)) throw error;
    throw new KheadersError("adb-failed", error.message, {
      hint: "Start it with: adb start-server",
      cause: error,
    });
  }
}
