import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  labModules,
  type SimulatedOptions,
  staleModule,
  type VirtualDevice,
  withOtherFlags,
  withoutArchive,
  withUnknownSymbol,
} from "../../lab/index.js";
import { isLoaded, kernelEvents } from "../../support/device-state.js";
import { emulated } from "../../support/emulated.js";
import { recordFault } from "../../support/fault-table.js";
import { smallArchive } from "../../support/small-archive.js";
import { type Attached, Workstation } from "../../support/workstation.js";

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const modulePath = "/system/lib/modules/kheaders.ko";

/** Nobody can open a device without a driver: it stands for SELinux, which keeps /proc/modules from a confined shell. */
const coverModules =
  "/lab-bin/busybox mknod /lab/none c 60 0 && /lab-bin/busybox mount -o bind /lab/none /proc/modules";
const uncoverModules = "/lab-bin/busybox umount /proc/modules";

let host: Workstation;

beforeAll(async () => {
  host = await Workstation.open();
});

afterAll(() => host.close());

/** Pulls from a device that cannot load its module, and tells of the error. */
async function failedPull(fault: string, device: Attached) {
  const ended = await host.kheaders(["-s", device.serial, "pull", "--json"]);
  const { error } = JSON.parse(ended.stdout);
  recordFault({
    fault,
    stage: "loading the module",
    secondsUntilGone: undefined,
    outcome: `status ${ended.status}, ${error.code}`,
  });
  expect(host.cacheContents()).toEqual([]);
  return { status: ended.status, ...error };
}

describe("a device with a module that", emulated, () => {
  let device: VirtualDevice;
  let module: Buffer;

  beforeAll(async () => {
    module = readFileSync((await labModules()).kheaders);
    device = await host.boot({ flavour: "module" });
  });

  async function install(other: Buffer): Promise<void> {
    const file = join(host.root, "kheaders.ko");
    writeFileSync(file, other);
    const { status, stderr } = await host.adb.adb("-s", device.serial, "push", file, modulePath);
    if (status !== 0) throw new Error(stderr);
  }

  it.each([
    {
      fault: "other flags in the version magic",
      change: withOtherFlags,
      message: /kheaders\.ko was built for another kernel: kheaders: version magic '.+' should be '.+'/,
    },
    {
      fault: "a symbol that no kernel has",
      change: withUnknownSymbol,
      message: /kheaders\.ko does not fit this kernel: kheaders: Unknown symbol sysfs_create_no_file!/,
    },
  ])("has $fault", async ({ fault, change, message }) => {
    await install(change(module));
    const error = await failedPull(fault, device);
    expect(error).toMatchObject({
      status: 4,
      code: "module-refused",
      message: expect.stringMatching(message),
    });
    expect(error.hint).toMatch(/^Install the modules that were built with this kernel\./);
    expect(await isLoaded(host, device)).toBe(false);
  });

  it("shows no archive when it is loaded", async () => {
    await install(withoutArchive(module));
    const before = await kernelEvents(host, device);
    const error = await failedPull("a module that shows no archive", device);
    expect(error).toMatchObject({
      status: 4,
      code: "no-headers",
      message: "the kheaders module is loaded, but no archive appeared in /sys/kernel or /proc",
    });
    expect((await kernelEvents(host, device)) - before).toBe(2);
    expect(await isLoaded(host, device)).toBe(false);
  });

  it("is not there", async () => {
    await host.shell(device, `rm ${modulePath}`);
    const error = await failedPull("no kheaders.ko", device);
    expect(error).toMatchObject({ status: 4, code: "no-headers" });
    expect(error.message).toMatch(
      /CONFIG_IKHEADERS=m, but kheaders\.ko is in none of the device's module folders/,
    );
    expect(error.message).toContain("Searched: /system/lib/modules, /system_dlkm/lib/modules");
  });

  it("cannot be told to be loaded or not: nothing is loaded that could not be undone", async () => {
    await install(module);
    const before = await kernelEvents(host, device);
    await host.shell(device, coverModules);
    const error = await failedPull("/proc/modules cannot be read", device);
    expect(error).toMatchObject({
      status: 5,
      code: "not-permitted",
      message: expect.stringContaining("/proc/modules cannot be read"),
    });
    await host.shell(device, uncoverModules);
    expect(await kernelEvents(host, device)).toBe(before);
  });

  it("can be loaded by insmod and not by modprobe: that is enough", async () => {
    await host.shell(device, "rm /system/bin/modprobe");
    const cache = host.folder("cache-without-modprobe");
    const ended = await host.kheaders(["-s", device.serial, "pull", "--json", "--cache-dir", cache]);
    expect(ended.status).toBe(0);
    expect(JSON.parse(ended.stdout)).toMatchObject({ source: "module", unloaded: true });
  });

  it("can be loaded by neither", async () => {
    await host.shell(device, "rm /system/bin/insmod");
    const error = await failedPull("neither modprobe nor insmod", device);
    expect(error).toMatchObject({
      status: 4,
      code: "module-refused",
      message: `the device has neither modprobe nor insmod to load ${modulePath}`,
    });
  });
});

/** Pulls with a cache of its own, and looks whether the kernel loaded or unloaded anything meanwhile. */
async function pullUnloaded(device: Attached, ...options: string[]) {
  const cache = host.folder(`cache-${caches++}`);
  const before = await kernelEvents(host, device);
  const ended = await host.kheaders([
    "-s",
    device.serial,
    "pull",
    "--json",
    "--cache-dir",
    cache,
    ...options,
  ]);
  expect((await kernelEvents(host, device)) - before).toBe(0);
  expect(await isLoaded(host, device)).toBe(false);
  return { ...ended, result: JSON.parse(ended.stdout) };
}
let caches = 0;

describe("a kernel that takes signed modules only", emulated, () => {
  let device: VirtualDevice;

  beforeAll(async () => {
    device = await host.boot({
      flavour: "module",
      config: false,
      kernelArguments: ["module.sig_enforce=1"],
    });
  });

  it("has the headers taken out of the file", async () => {
    const { status, stderr, result } = await pullUnloaded(device);
    expect(status).toBe(0);
    const archive = readFileSync((await labModules()).archive);
    expect(result).toMatchObject({
      source: "file",
      unloaded: null,
      digest: sha256(archive),
      bytes: archive.length,
    });
    expect(stderr).toContain(
      `${modulePath} was not built with this kernel: the kernel refused its signature; taking the headers out of the file`,
    );
  });

  it("is told of if the file is another kernel's", async () => {
    const stale = await staleModule();
    await host.adb.adb("-s", device.serial, "push", stale.kheaders, modulePath);
    const { status, stderr, result } = await pullUnloaded(device);
    recordFault({
      fault: "a kernel that enforces signatures, and another kernel's module",
      stage: "loading the module",
      secondsUntilGone: undefined,
      outcome: `status ${status}, ${result.error.code}`,
    });
    expect(status).toBe(4);
    expect(result.error).toMatchObject({
      code: "module-refused",
      message: `${modulePath} was not built with this kernel: the kernel refused its signature`,
      hint: expect.stringContaining("signed with its own key"),
    });
    expect(stderr).toContain("that failed: ");
  });
});

it("takes the headers out of the file if the kernel is locked down", emulated, async () => {
  const device = await host.boot({
    flavour: "module",
    config: false,
    kernelArguments: ["lockdown=integrity"],
  });
  const { status, stderr, result } = await pullUnloaded(device);
  expect(status).toBe(0);
  expect(result).toMatchObject({ source: "file", unloaded: null });
  expect(stderr).toMatch(/does not allow loading .*unsigned module loading is restricted/);
});

describe("a shell user who may read the module", emulated, () => {
  it("gets the headers with --no-load", async () => {
    const device = await host.boot({ flavour: "module", user: "shell" });
    const { status, stderr, result } = await pullUnloaded(device, "--no-load", "--no-su");
    expect(status).toBe(0);
    expect(stderr).not.toContain("warning");
    const archive = readFileSync((await labModules()).archive);
    expect(result).toMatchObject({ source: "file", unloaded: null, digest: sha256(archive) });
    // The configuration was read, and agrees.
    expect(result.ms.identify).toEqual(expect.any(Number));
  });
});

it("tells of folders that may not be listed, and where nobody makes us root", emulated, async () => {
  const device = await host.boot({ flavour: "none", user: "shell", restricted: true });
  const error = await failedPull("folders that may not be listed", device);
  expect(error).toMatchObject({
    status: 5,
    code: "needs-root",
    message: expect.stringContaining("/system/lib/modules, which this user may not list"),
  });
});

describe("a simulated device", () => {
  it("whose kernel has the headers built in needs no file for --no-load", async () => {
    const device = await host.simulate({
      archive: smallArchive("6.6.1-test"),
      release: "6.6.1-test",
      source: "built-in",
    });
    const ended = await host.kheaders([
      "-s",
      device.serial,
      "pull",
      "--json",
      "--no-load",
      "--cache-dir",
      host.folder("cache-built-in"),
    ]);
    expect(JSON.parse(ended.stdout)).toMatchObject({ source: "built-in" });
  });

  const simulate = (options: SimulatedOptions) =>
    host.simulate({ archive: smallArchive("6.6.1-test"), release: "6.6.1-test", ...options });

  it.each([
    ["toybox", "insmod: failed to load kheaders.ko: Out of memory\n"],
    ["kmod", "insmod: ERROR: could not insert module kheaders.ko: Cannot allocate memory\n"],
  ])("has no memory left, in the words of %s", async (tool, text) => {
    const device = await simulate({ faults: { loadFailure: { text, status: 1 } } });
    const error = await failedPull(`no memory (${tool})`, device);
    expect(error).toMatchObject({
      status: 4,
      code: "module-refused",
      message: `the device has no memory left to load ${modulePath}`,
    });
  });
});
