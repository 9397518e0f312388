import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { copyFile, open, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { adbdAnswers } from "./adb-probe.js";
import { type AdbRelay, type AdbRoot, type DaemonPorts, relayAdb } from "./adb-relay.js";
import { type Architecture, architectureFacts } from "./architecture.js";
import { isAlive } from "./cached.js";
import { deviceEntries } from "./device-entries.js";
import { gkiKernel } from "./gki-kernel.js";
import { baseInitramfs } from "./initramfs.js";
import { type DeviceEntry, newc } from "./newc.js";
import { kernelPackages } from "./packages.js";
import { freePort } from "./ports.js";
import { humanMonitor } from "./qmp.js";
import { createRunFolder, readIfThere, runFolders, setOwner } from "./run-folder.js";

/**
 * How a virtual device offers its kernel headers.
 * `module`: `kheaders.ko` in `/system/lib/modules`, where plain `modprobe` does not look.
 * `light`: as `module`, but the archive has few headers: for tests that pull many times, of what can go wrong.
 * `built-in`: the archive is there from boot, with no module to load or unload.
 * `none`: neither archive nor module.
 * `stale`: as `module`, but the `kheaders.ko` is of another kernel.
 * `proc`: as `module`, but the archive is the original patch's: it appears in `/proc`, and builds modules. A fair number of
 * the stock kernel's modules lies in `/vendor/lib/modules`, as on a phone.
 */
export const flavours = ["module", "light", "built-in", "none", "stale", "proc"] as const;
export type Flavour = (typeof flavours)[number];

/**
 * How the shell user becomes root.
 * `aosp`: AOSP's own, `su 0 COMMAND...`, for which `su -c` is an invalid user id.
 * `magisk`: `su -c STRING`, run by a daemon in a session of its own; what follows `su 0` is ignored.
 * `refuse`, `hang`: as `magisk`, but the person with the device says no, or does not tap on the screen.
 */
export const suKinds = ["none", "aosp", "magisk", "refuse", "hang"] as const;
export type SuKind = (typeof suKinds)[number];

export interface BootOptions {
  readonly flavour: Flavour;
  /** x86_64 where not given. */
  readonly architecture?: Architecture;
  /** `gki`: a kernel of arm64 as Android's generic one, for the flavour `module`. The stock kernel where not given. */
  readonly kernel?: "stock" | "gki";
  /** The name of its folder and in `lab list`; made up where not given. */
  readonly name?: string;
  /** Who adbd runs as. `shell`: uid 2000 with the groups that Android gives it. Root where not given. */
  readonly user?: "root" | "shell";
  /** How its shell user becomes root; not at all where not given. */
  readonly su?: SuKind;
  /** The modes of folders imitate Android's policy for the shell user: the archive's name may be listed, not read. */
  readonly restricted?: boolean;
  /** `ro.build.fingerprint`. */
  readonly fingerprint?: string;
  /** Whether there is a /proc/config.gz. It is there where not given. */
  readonly config?: boolean;
  /**
   * What `adb root` does on a device whose adbd runs as shell; it fails where not given. It lasts as long as the process
   * that booted the device.
   */
  readonly adbRoot?: AdbRoot;
  /** More files, or others in the place of the usual ones. */
  readonly files?: readonly DeviceEntry[];
  /** Paths of files to take away, as `/system/bin/modprobe`. */
  readonly without?: readonly string[];
  /** More words for the kernel's command line, as `module.sig_enforce=1` or `lockdown=integrity`. */
  readonly kernelArguments?: readonly string[];
  /** Memory in MiB; 256 where not given. */
  readonly memory?: number;
  /** It lives on when this process ends, until `stop()` or `lab stop`. Otherwise it dies with this process. */
  readonly keep?: boolean;
}

/** What a device is made of: the caller's wishes with the architecture that they mean. */
export type DeviceOptions = BootOptions & Required<Pick<BootOptions, "architecture">>;

/** A machine with a stock kernel of its own and adbd, run by QEMU. */
export interface VirtualDevice {
  readonly name: string;
  readonly flavour: Flavour;
  readonly architecture: Architecture;
  /** `127.0.0.1:PORT`, after `adb connect`. */
  readonly serial: string;
  readonly port: number;
  /** The id of QEMU's process. */
  readonly pid: number;
  /** Whether it lives on when the process that booted it ends. */
  readonly keep: boolean;
  /** What the kernel prints. */
  readonly consolePath: string;
  /** Runs a command of QEMU's human monitor and gives what it prints. */
  monitor(command: string): Promise<string>;
  /** `false` cuts the network cable with no goodbye; `true` plugs it in again. */
  setLink(up: boolean): Promise<void>;
  /** A sudden reboot. `waitUp` tells when it is back. */
  reset(): Promise<void>;
  /** Waits until adbd answers. @throws Error with the end of the console after four minutes, or when QEMU ends. */
  waitUp(): Promise<void>;
  stop(): Promise<void>;
}

/** What `lab list` and `lab stop` need to know of a running device. */
interface DeviceState {
  readonly name: string;
  readonly flavour: Flavour;
  readonly architecture: Architecture;
  readonly port: number;
  readonly pid: number;
  readonly keep: boolean;
}

const upWithin = 240_000;
const attempts = 5;

/** Builds what is not built yet, boots a device, and resolves when its adbd answers. */
export async function bootDevice(options: BootOptions): Promise<VirtualDevice> {
  const device: DeviceOptions = { ...options, architecture: options.architecture ?? "x86_64" };
  const name = options.name ?? `${options.flavour}-${randomBytes(3).toString("hex")}`;
  const folder = await createRunFolder(name);
  try {
    await copyFile(await baseInitramfs(device.architecture), join(folder, "initrd"));
    await writeFile(join(folder, "initrd"), newc(await deviceEntries(device)), { flag: "a" });
    const booting = await start(await kernelImage(device), name, folder, device);
    await booting.waitUp();
    await rm(join(folder, "initrd"));
    return booting;
  } catch (error) {
    await stop(folder);
    throw error;
  }
}

async function kernelImage({ kernel, architecture }: DeviceOptions): Promise<string> {
  if (kernel === "gki") return (await gkiKernel()).image;
  const { root, release } = await kernelPackages(architecture);
  return join(root, "boot", `vmlinuz-${release}`);
}

/** The virtual devices of this user that run, kept or not. */
export async function runningDevices(): Promise<VirtualDevice[]> {
  const devices: VirtualDevice[] = [];
  for (const folder of await runFolders()) {
    const state = await readState(folder);
    if (state && isAlive(state.pid)) devices.push(deviceOf(folder, state));
  }
  return devices;
}

/** Starts QEMU; where somebody took a port in between, with others. */
async function start(
  image: string,
  name: string,
  folder: string,
  options: DeviceOptions,
): Promise<VirtualDevice> {
  const { flavour, architecture, adbRoot, keep = false } = options;
  for (let attempt = 1; ; attempt++) {
    const daemons = { shell: await freePort(), root: await freePort() };
    const log = await open(join(folder, "qemu.log"), "w");
    const qemu = [
      architectureFacts[architecture].qemu.command,
      ...qemuArguments(image, folder, daemons, options),
    ];
    const [command = "", ...args] = keep ? qemu : ["setpriv", "--pdeathsig", "KILL", ...qemu];
    const child = spawn(command, args, { stdio: ["ignore", log.fd, log.fd], detached: keep });
    await once(child, "spawn").finally(() => log.close());
    if (child.pid === undefined) throw new Error("QEMU has no process id");
    if (keep) {
      child.unref();
      await setOwner(folder, child.pid);
    }
    if (await listens(join(folder, "qmp"), child.pid)) {
      const port = adbRoot ? await freePort() : daemons.shell;
      const relay = adbRoot && (await relayAdb(port, daemons, adbRoot));
      const state: DeviceState = { name, flavour, architecture, port, pid: child.pid, keep };
      await writeFile(join(folder, "state.json"), JSON.stringify(state));
      return deviceOf(folder, state, relay);
    }
    const said = await readFile(join(folder, "qemu.log"), "utf8");
    if (!/hostfwd|Address already in use/.test(said) || attempt === attempts)
      throw new Error(`QEMU ended: ${said}`);
  }
}

function qemuArguments(
  image: string,
  folder: string,
  daemons: DaemonPorts,
  options: DeviceOptions,
): string[] {
  const forwards = [`hostfwd=tcp:127.0.0.1:${daemons.shell}-:5555`];
  if (options.adbRoot) forwards.push(`hostfwd=tcp:127.0.0.1:${daemons.root}-:5556`);
  const { machine, network, console, random } = architectureFacts[options.architecture].qemu;
  // The newest processor, with pointer authentication and branch targets; the algorithm that is fast to emulate.
  const processor = options.kernel === "gki" ? ["-cpu", "max,pauth-impdef=on"] : [];
  const kernelLine = [`console=${console}`, "quiet", "loglevel=4", "panic=-1", random];
  return [
    ...machine,
    ...processor,
    ...["-accel", "tcg", "-m", String(options.memory ?? 256)],
    ...["-nodefaults", "-no-user-config", "-display", "none"],
    ...["-kernel", image, "-initrd", join(folder, "initrd")],
    ...["-append", [...kernelLine, ...(options.kernelArguments ?? [])].join(" ")],
    ...["-serial", `file:${join(folder, "console.log")}`],
    ...["-qmp", `unix:${join(folder, "qmp")},server=on,wait=off`],
    ...["-netdev", ["user,id=n0", ...forwards].join(",")],
    ...["-device", `${network},netdev=n0`],
  ];
}

function deviceOf(folder: string, state: DeviceState, relay?: AdbRelay): VirtualDevice {
  const monitor = (command: string) => humanMonitor(join(folder, "qmp"), command);
  const consolePath = join(folder, "console.log");
  return {
    ...state,
    serial: `127.0.0.1:${state.port}`,
    consolePath,
    monitor,
    async setLink(up) {
      await monitor(`set_link n0 ${up ? "on" : "off"}`);
    },
    async reset() {
      await monitor("system_reset");
    },
    async waitUp() {
      const end = Date.now() + upWithin;
      while (!(await adbdAnswers(state.port, 1000))) {
        const gone = !isAlive(state.pid);
        if (!gone && Date.now() < end) {
          await sleep(100);
          continue;
        }
        const said = (await readFile(consolePath, "utf8")).split("\n").slice(-20).join("\n");
        const what = gone ? "its QEMU ended" : `no adbd answered in ${upWithin / 1000} s`;
        throw new Error(`the device ${state.name} is not up: ${what}; its console says:\n${said}`);
      }
    },
    async stop() {
      relay?.close();
      await stop(folder);
    },
  };
}

/** Waits until QEMU's monitor can be connected to; false when QEMU ended before. */
async function listens(socketPath: string, pid: number): Promise<boolean> {
  while (isAlive(pid)) {
    try {
      await humanMonitor(socketPath, "info status");
      return true;
    } catch {
      // It has not come so far yet, or has ended: the loop's condition tells.
      await sleep(20);
    }
  }
  return false;
}

/** Ends QEMU, where it is still the one of this folder, and removes the folder. */
async function stop(folder: string): Promise<void> {
  const state = await readState(folder);
  if (state && isAlive(state.pid)) {
    await humanMonitor(join(folder, "qmp"), "quit").catch(() => undefined);
    for (let tries = 0; isAlive(state.pid) && tries < 100; tries++) await sleep(20);
  }
  await rm(folder, { recursive: true, force: true });
}

async function readState(folder: string): Promise<DeviceState | undefined> {
  const text = await readIfThere(join(folder, "state.json"));
  if (text === undefined) return undefined;
  const state: DeviceState = JSON.parse(text);
  return state;
}
