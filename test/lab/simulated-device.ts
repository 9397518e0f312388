import { spawn } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { link, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { errnoOf } from "../../shared/errors.js";
import { adbdAnswers } from "./adb-probe.js";
import { androidRoot, textFile } from "./android-root.js";
import { cached, digestOf, exists } from "./cached.js";
import { progress } from "./command.js";
import { writeEntries } from "./files.js";
import type { DeviceEntry } from "./newc.js";
import { userlandPackage } from "./packages.js";
import { deviceSources } from "./paths.js";
import { freePort } from "./ports.js";
import { createRunFolder } from "./run-folder.js";
import { deviceTools } from "./tools.js";

/** A kernel that exists only in what it says of itself. */
export interface InventedKernel {
  /** `uname -r`. */
  readonly release: string;
  /** `uname -v`. */
  readonly version: string;
  /** `uname -m`. */
  readonly machine: string;
  readonly bootId: string;
  /** `ro.build.fingerprint`; bytes where it shall be no text. */
  readonly fingerprint: string | Uint8Array;
  /** What is in `/proc/config.gz`, unpacked; undefined: there is none. */
  readonly config: string | undefined;
  /** What is in `/sys/kernel/notes`; undefined: there is none. */
  readonly notes: Uint8Array | undefined;
  /** The compressed archive, bytes or the path of a file; undefined: this kernel has none. */
  readonly archive: Uint8Array | string | undefined;
  /** Where the archive is: in a module `kheaders`, or there from boot. */
  readonly source: "module" | "built-in";
}

export interface Faults {
  /** Loading takes so long, in seconds. */
  readonly loadDelay?: number;
  /** Loading ends with this status, and this text on stderr. */
  readonly loadFailure?: { readonly text: string; readonly status: number };
  /** The archive gives so many bytes a second. */
  readonly readRate?: number;
}

export interface SimulatedOptions extends Partial<InventedKernel> {
  readonly name?: string;
  /** Who adbd runs as. `shell` needs a host process that runs as root. */
  readonly user?: "root" | "shell";
  /** More properties, as `ro.product.model`. */
  readonly properties?: Readonly<Record<string, string | Uint8Array>>;
  readonly faults?: Faults;
  /** What else is in /system/lib/modules, by the path there. */
  readonly modules?: readonly DeviceEntry[];
  /** Programs in the place of the system's, by path (`/system/bin/mksh` is the shell). `#!/lab-bin/busybox sh` works. */
  readonly programs?: Readonly<Record<string, string | Uint8Array>>;
}

/**
 * A real adbd with mksh and toybox in namespaces of its own, under the host's kernel but told of an invented one. It is
 * up in a fraction of a second: right for many devices and for faults, never a stand-in for a real kernel. It dies with
 * this process.
 */
export interface SimulatedDevice {
  readonly name: string;
  /** `127.0.0.1:PORT`, after `adb connect`. */
  readonly serial: string;
  readonly port: number;
  readonly pid: number;
  /** How often the module was loaded and unloaded so far. */
  counts(): Promise<{ readonly loads: number; readonly unloads: number }>;
  /** Whether the archive can be seen in /sys/kernel now. */
  hasArchive(): Promise<boolean>;
  /** Reboots into another kernel, or the same: with another boot id where none is given, and nothing loaded. */
  reboot(kernel?: Partial<InventedKernel>): Promise<void>;
  /** Takes other faults from now on. */
  setFaults(faults: Faults): Promise<void>;
  stop(): Promise<void>;
}

/** Its programs run on the host. */
const architecture = "x86_64";

const upWithin = 20_000;

/** Builds what is not built yet, starts a simulated device, and resolves when its adbd answers. */
export async function simulateDevice(options: SimulatedOptions = {}): Promise<SimulatedDevice> {
  const { name = `simulated-${randomBytes(3).toString("hex")}`, user = "root" } = options;
  if (user === "shell" && process.getuid?.() !== 0)
    throw new Error(
      "a simulated device with a shell user needs root on the host; boot a virtual device instead",
    );
  const [system, userland] = await Promise.all([simulatedRoot(), userlandPackage(architecture)]);
  const folder = await createRunFolder(name);
  const lab = join(folder, "lab");
  const kernel: InventedKernel = {
    release: "6.6.30-android15-8-g0123456789ab-ab12345678-4k",
    version: "#1 SMP PREEMPT Mon May  6 12:00:00 UTC 2024",
    machine: "x86_64",
    bootId: randomUUID(),
    fingerprint: `lab/simulated/simulated:15/LAB.1/1:user/release-keys`,
    config: "CONFIG_IKCONFIG=y\nCONFIG_IKHEADERS=m\n",
    notes: undefined,
    archive: undefined,
    source: "module",
    ...options,
  };
  const modules = (options.modules ?? []).map((entry) => ({ ...entry, path: `lab/modules/${entry.path}` }));
  await writeEntries([...skeleton, ...propertyFiles(options), ...programFiles(options), ...modules], folder);
  await install(lab, kernel);
  await setFaults(lab, options.faults ?? {});

  const port = await freePort();
  const log = await open(join(folder, "adbd.log"), "w");
  const namespaces = ["--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child=KILL"];
  if (process.getuid?.() !== 0) namespaces.unshift("--user", "--map-root-user");
  const busybox = join(userland, "usr/bin/busybox");
  const init = [busybox, "sh", join(deviceSources, "simulated_init.sh"), busybox, system, folder, user];
  const child = spawn("setpriv", ["--pdeathsig", "KILL", "unshare", ...namespaces, ...init], {
    env: { PATH: process.env.PATH, ADBD_PORT: String(port) },
    stdio: ["ignore", log.fd, log.fd],
  });
  await once(child, "spawn").finally(() => log.close());
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const { pid } = child;
  if (pid === undefined) throw new Error("the simulated device has no process id");

  const stop = async () => {
    child.kill("SIGKILL");
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  for (const end = Date.now() + upWithin; !(await adbdAnswers(port, 1000)); await sleep(10)) {
    if (child.exitCode === null && child.signalCode === null && Date.now() < end) continue;
    const said = await readFile(join(folder, "adbd.log"), "utf8");
    await stop();
    throw new Error(`the simulated device ${name} is not up; it said:\n${said}`);
  }
  let current = kernel;
  return {
    name,
    serial: `127.0.0.1:${port}`,
    port,
    pid,
    async counts() {
      const events = (await readFile(join(lab, "events"), "utf8")).split("\n");
      const count = (event: string) => events.filter((line) => line === event).length;
      return { loads: count("load"), unloads: count("unload") };
    },
    hasArchive: () => exists(join(lab, "sys-kernel/kheaders.tar.xz")),
    async reboot(other = {}) {
      current = { ...current, bootId: randomUUID(), ...other };
      await install(lab, current);
    },
    setFaults: (faults) => setFaults(lab, faults),
    stop,
  };
}

/** What every simulated device has in its own folder. */
const skeleton: readonly DeviceEntry[] = [
  ...["root", "replaced", "lab", "lab/properties", "lab/modules", "lab/sys-kernel"].map(folderEntry),
  ...["lab/proc", "lab/proc/sys", "lab/proc/sys/kernel", "lab/proc/sys/kernel/random"].map(folderEntry),
  textFile("lab/events", ""),
  textFile("lab/module.lock", ""),
];

/** The system that all simulated devices share, as a folder. */
export async function simulatedRoot(): Promise<string> {
  const [tools, userland] = await Promise.all([deviceTools(architecture), userlandPackage(architecture)]);
  const script = await readFile(join(deviceSources, "simulated_module.sh"));
  const recipe = [import.meta.filename, join(import.meta.dirname, "android-root.ts")];
  const recipeTexts = await Promise.all(recipe.map((file) => readFile(file)));
  return cached(`simulated-root-${digestOf(...recipeTexts, script, tools, userland)}`, async (folder) => {
    progress("unpacking the system of simulated devices");
    const moduleTools = ["insmod", "modprobe", "rmmod"].map((name) => `system/bin/${name}`);
    const entries = (await androidRoot(architecture)).filter(({ path }) => !moduleTools.includes(path));
    await writeEntries(
      [
        ...entries,
        ...moduleTools.map((path): DeviceEntry => ({ type: "file", path, mode: 0o755, content: script })),
        folderEntry("sys/kernel"),
        {
          type: "file",
          path: "usr/lib/kernel_shim.so",
          mode: 0o755,
          content: await readFile(join(tools, "kernel_shim.so")),
        },
        textFile("system/etc/ld.so.preload", "/usr/lib/kernel_shim.so\n"),
      ],
      folder,
    );
  });
}

function propertyFiles(options: SimulatedOptions): DeviceEntry[] {
  const properties = {
    "ro.build.version.release": "15",
    "ro.build.version.sdk": "35",
    "ro.product.cpu.abi": "x86_64",
    "ro.product.model": "Simulated",
    ...options.properties,
  };
  return Object.entries(properties).map(([name, value]) => ({
    type: "file",
    path: `lab/properties/${name}`,
    mode: 0o644,
    content: Buffer.from(value),
  }));
}

/** Files to mount over others; the list has a line `FILE PATH` for each. */
function programFiles({ programs = {} }: SimulatedOptions): DeviceEntry[] {
  const replaced = Object.entries(programs);
  return [
    ...replaced.map(
      ([, content], index): DeviceEntry => ({
        type: "file",
        path: `replaced/${index}`,
        mode: 0o755,
        content: Buffer.from(content),
      }),
    ),
    textFile("replaced/list", replaced.map(([path], index) => `${index} ${path}\n`).join("")),
  ];
}

/** Makes `/lab` tell of a kernel that was just booted. */
async function install(lab: string, kernel: InventedKernel): Promise<void> {
  const { release, version, source } = kernel;
  const config = kernel.config === undefined ? undefined : gzipSync(kernel.config);
  await put(join(lab, "properties/ro.build.fingerprint"), kernel.fingerprint);
  await put(join(lab, "machine"), kernel.machine);
  await put(join(lab, "proc/config.gz"), config);
  await put(join(lab, "proc/modules"), "");
  await put(join(lab, "proc/sys/kernel/osrelease"), `${release}\n`);
  await put(join(lab, "proc/sys/kernel/version"), `${version}\n`);
  await put(join(lab, "proc/sys/kernel/random/boot_id"), `${kernel.bootId}\n`);
  await put(join(lab, "proc/version"), `Linux version ${release} (lab@lab) (clang) ${version}\n`);
  await put(join(lab, "sys-kernel/notes"), kernel.notes);
  await put(join(lab, "sys-kernel/kheaders.tar.xz"), undefined);
  await putArchive(join(lab, "archive"), kernel.archive);
  const inModule = source === "module" && kernel.archive !== undefined;
  await put(join(lab, "modules/kheaders.ko"), inModule ? "" : undefined);
  await put(join(lab, "modules/modules.dep"), inModule ? "kheaders.ko:\n" : "");
  if (source === "built-in" && kernel.archive !== undefined)
    await link(join(lab, "archive"), join(lab, "sys-kernel/kheaders.tar.xz"));
}

async function setFaults(lab: string, { loadDelay, loadFailure, readRate }: Faults): Promise<void> {
  await put(join(lab, "load-delay"), loadDelay?.toString());
  await put(join(lab, "load-failure-status"), loadFailure?.status.toString());
  await put(join(lab, "load-failure"), loadFailure?.text);
  await put(join(lab, "read-rate"), readRate?.toString());
}

/** The archive's bytes; a file is linked where that is possible. */
async function putArchive(path: string, archive: Uint8Array | string | undefined): Promise<void> {
  await put(path, undefined);
  if (typeof archive !== "string") return put(path, archive);
  await link(archive, path).catch(async (error: unknown) => {
    if (errnoOf(error) !== "EXDEV" && errnoOf(error) !== "EPERM") throw error;
    await put(path, await readFile(archive));
  });
}

/** Writes a file at once, or removes it where there is no content. */
async function put(path: string, content: string | Uint8Array | undefined): Promise<void> {
  if (content === undefined) return rm(path, { force: true });
  await writeFile(`${path}.new`, content);
  await rename(`${path}.new`, path);
}

function folderEntry(path: string): DeviceEntry {
  return { type: "folder", path, mode: 0o755 };
}
