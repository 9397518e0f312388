import { existsSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { type ErrorCode, KheadersError } from "../shared/errors.js";
import { printable } from "../shared/printable.js";
import { chooseDevice } from "./adb/choose.js";
import { AdbConnection, AdbServerAbsent } from "./adb/connection.js";
import { connectToDevice, type Device, type DeviceChoice, readDevices } from "./adb/devices.js";
import { describeEndpoint } from "./adb/endpoint.js";
import { type AdbServer, findAdb } from "./adb/server.js";
import { Conversation, type HeadersReport } from "./agent/conversation.js";
import { type Cache, openCache } from "./cache/index.js";
import { ikheadersOf, type KernelConfig } from "./kernel/config.js";
import { readKernelFacts } from "./kernel/facts.js";

/** One thing that was looked at. */
export interface Check {
  readonly name: string;
  /** `skipped`: it could not be looked at, for something before it failed. */
  readonly status: "ok" | "warning" | "failed" | "skipped";
  /** What was found, fit for a terminal. */
  readonly detail: string;
  /** What to do about it. */
  readonly hint: string | undefined;
  /** Of a failed check: what a pull would end with. */
  readonly code: ErrorCode | undefined;
}

export interface DoctorOptions {
  readonly server: AdbServer;
  readonly choice: DeviceChoice;
  readonly cacheDir: string;
  /** The version of kheaders. */
  readonly tool: string;
  readonly stallSeconds: number;
  readonly signal: AbortSignal;
}

/** A tree and its archive take 50 MB and 6,700 inodes; the double of it, to be on the safe side. */
const neededBytes = 100e6;
const neededInodes = 15_000;

/**
 * Looks at everything that a pull needs, in its order, and changes nothing: starts no adb server, loads nothing, never
 * asks su.
 */
export async function doctor(options: DoctorOptions): Promise<Check[]> {
  const checks = [checkAdb(options.server)];
  const device = await checkServerAndDevice(options, checks);
  await checkKernel(options, device, checks);
  checks.push(checkDisk(options.cacheDir), await checkCache(options));
  return checks;
}

function checkAdb(server: AdbServer): Check {
  const adb = findAdb(server.environment);
  if (adb !== undefined) return ok("adb", printable(adb));
  return warning(
    "adb",
    "no adb was found: only a server that already runs can be used",
    "Install platform-tools (Debian: apt install adb).",
  );
}

async function checkServerAndDevice(options: DoctorOptions, checks: Check[]): Promise<Device | undefined> {
  const { server, choice, signal } = options;
  const place = describeEndpoint(server.endpoint);
  const devices = await attempt(checks, "server", async () => {
    const version = await serverVersion(server, signal);
    const listed = await readDevices(await AdbConnection.open(server.endpoint, signal));
    checks.push(ok("server", `version ${version} at ${place}`));
    return listed;
  });
  if (devices === undefined) {
    checks.push(skipped("device"));
    return undefined;
  }
  return attempt(checks, "device", async () => {
    const device = await chooseDevice(server, devices, choice, signal);
    checks.push(
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

async function serverVersion(server: AdbServer, signal: AbortSignal): Promise<number> {
  try {
    const connection = await AdbConnection.open(server.endpoint, signal);
    try {
      await connection.request("host:version");
      return Number.parseInt(await connection.readValue(), 16);
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

async function checkKernel(
  options: DoctorOptions,
  device: Device | undefined,
  checks: Check[],
): Promise<void> {
  const names = ["shell", "root", "kernel config", "module", "archive"];
  const done = device && (await attempt(checks, "shell", () => askDevice(options, device, checks)));
  if (done) return;
  const looked = new Set(checks.map((check) => check.name));
  checks.push(...names.filter((name) => !looked.has(name)).map(skipped));
}

async function askDevice(options: DoctorOptions, device: Device, checks: Check[]): Promise<true> {
  const { server, signal } = options;
  const conversation = await Conversation.start(
    await connectToDevice(server, device, signal),
    options,
    signal,
  );
  try {
    const { hello } = conversation;
    checks.push(
      ok("shell", `${printable(hello.release)} on ${printable(hello.fingerprint || "an unknown build")}`),
    );
    const { config } = readKernelFacts(await conversation.facts());
    const report = await conversation.headers();
    checks.push(checkRoot(report), checkConfig(config), checkModule(report), checkArchive(report, config));
    return true;
  } finally {
    conversation.close();
  }
}

function checkRoot(report: HeadersReport): Check {
  if (report.uid === 0) return ok("root", "adbd runs as root");
  if (report.su) return ok("root", "su is there; a pull asks it when it must");
  if (report.debuggable) return ok("root", "adbd can be restarted as root: pull --root");
  if (report.archive !== undefined && report.readable) return ok("root", "not needed");
  return warning(
    "root",
    "there is no way to become root",
    "Root the device, or use a userdebug build with --root.",
  );
}

function checkConfig(config: KernelConfig | undefined): Check {
  if (config === undefined) return warning("kernel config", "/proc/config.gz cannot be read", undefined);
  const value = ikheadersOf(config);
  if (value !== null) return ok("kernel config", `CONFIG_IKHEADERS=${printable(value)}`);
  return warning("kernel config", "CONFIG_IKHEADERS is not set", undefined);
}

function checkModule(report: HeadersReport): Check {
  if (report.loaded === "yes") return ok("module", "loaded by somebody");
  if (report.module !== undefined) return ok("module", printable(report.module));
  if (report.archive !== undefined) return ok("module", "not needed");
  const denied = report.denied.map((folder) => printable(folder)).join(", ");
  if (denied) return warning("module", `${denied} may not be listed without root`, undefined);
  return warning(
    "module",
    "kheaders.ko is in none of the module folders",
    "Install the modules that were built with this kernel.",
  );
}

function checkArchive(report: HeadersReport, config: KernelConfig | undefined): Check {
  if (report.archive !== undefined) {
    if (report.readable) return ok("archive", printable(report.archive));
    const detail = `${printable(report.archive)} is there, and needs root`;
    if (canBeRoot(report)) return ok("archive", detail);
    return failed("archive", new KheadersError("needs-root", detail, { hint: "Root the device." }));
  }
  if (report.module !== undefined) {
    if (canBeRoot(report)) return ok("archive", "comes with the module");
    const hint = "Root the device, or use a userdebug build with --root.";
    return failed(
      "archive",
      new KheadersError("needs-root", "comes with the module, which only root may load", { hint }),
    );
  }
  if (report.denied.length > 0 && config !== undefined && ikheadersOf(config) !== null) {
    return warning("archive", "comes with the module, if root finds it", undefined);
  }
  const hint = "Build the kernel with CONFIG_IKHEADERS=y or =m, and install its modules.";
  return failed("archive", new KheadersError("no-headers", "this kernel offers no headers", { hint }));
}

function canBeRoot(report: HeadersReport): boolean {
  return report.uid === 0 || report.su || report.debuggable;
}

function checkDisk(cacheDir: string): Check {
  let folder = cacheDir;
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  const { bavail, bsize, ffree, files } = statfsSync(folder);
  const bytes = bavail * bsize;
  const detail = `${(bytes / 1e9).toFixed(1)} GB and ${files === 0 ? "any number of" : ffree} inodes free in ${printable(folder, 4096)}`;
  if (bytes >= neededBytes && (files === 0 || ffree >= neededInodes)) return ok("disk", detail);
  const hint = "Make room with: kheaders cache prune --max-size 1GB, or choose another --cache-dir.";
  return failed("disk", new KheadersError("disk-full", detail, { hint }));
}

async function checkCache(options: DoctorOptions): Promise<Check> {
  const checks: Check[] = [];
  await attempt(checks, "cache", async () => {
    const cache: Cache = openCache({ dir: options.cacheDir, tool: options.tool });
    const { kernels } = await cache.list();
    const lost = kernels.filter((kernel) => kernel.stats === undefined).length;
    const detail = `${kernels.length} kernels`;
    if (lost === 0) checks.push(ok("cache", detail));
    else
      checks.push(
        warning("cache", `${detail}, ${lost} without a tree`, "Mend it with: kheaders cache verify"),
      );
  });
  return checks[0] ?? skipped("cache");
}

/** Runs a check that may throw; what it throws is what the check found. */
async function attempt<T>(checks: Check[], name: string, look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof KheadersError)) throw error;
    checks.push(failed(name, error));
    return undefined;
  }
}

function ok(name: string, detail: string): Check {
  return { name, status: "ok", detail, hint: undefined, code: undefined };
}

function warning(name: string, detail: string, hint: string | undefined): Check {
  return { name, status: "warning", detail, hint, code: undefined };
}

function failed(name: string, error: KheadersError): Check {
  return { name, status: "failed", detail: error.message, hint: error.hint, code: error.code };
}

function skipped(name: string): Check {
  return { name, status: "skipped", detail: "could not be looked at", hint: undefined, code: undefined };
}
