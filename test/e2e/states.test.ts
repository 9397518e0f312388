import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Flavour, staleModule, type VirtualDevice } from "../lab/index.js";
import { isLoaded, kernelEvents } from "../support/device-state.js";
import { emulated } from "../support/emulated.js";
import type { Outcome } from "../support/kheaders.js";
import { Workstation } from "../support/workstation.js";

let host: Workstation;
const flavours = ["module", "built-in", "none", "stale"] as const;
const devices = new Map<Flavour, VirtualDevice>();

beforeAll(async () => {
  host = await Workstation.open();
  await Promise.all(flavours.map(async (flavour) => devices.set(flavour, await host.boot({ flavour }))));
});

afterAll(() => host.close());

function device(flavour: Flavour): VirtualDevice {
  const booted = devices.get(flavour);
  if (booted === undefined) throw new Error(`no device ${flavour} was booted`);
  return booted;
}

function kheaders(flavour: Flavour, ...args: string[]): Promise<Outcome> {
  return host.kheaders(["-s", device(flavour).serial, ...args]);
}

describe("a device whose kheaders.ko is of another kernel", emulated, () => {
  let outcome: Outcome;
  let events: number;

  beforeAll(async () => {
    const before = await kernelEvents(host, device("stale"));
    outcome = await kheaders("stale", "pull");
    events = (await kernelEvents(host, device("stale"))) - before;
  });

  it("gives status 7 and names both releases", async () => {
    expect(outcome).toMatchObject({ status: 7, stdout: "" });
    const running = (await host.shell(device("stale"), "uname -r")).trim();
    expect(outcome.stderr).toContain(running);
    expect(outcome.stderr).toContain((await staleModule()).release);
  });

  it("has the module unloaded again", async () => {
    expect(events).toBe(2);
    expect(await isLoaded(host, device("stale"))).toBe(false);
  });

  it("gets nothing published", () => {
    expect(host.cacheContents()).toEqual([]);
  });

  it("is unpacked with --allow-mismatch, and never served as that kernel's", async () => {
    const cache = ["--cache-dir", host.folder("mismatch")];
    const allowed = await kheaders("stale", "pull", "--allow-mismatch", ...cache);
    expect(allowed).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^\/.+\/trees\/[0-9a-f]{64}\n$/),
    });
    expect(allowed.stderr).toContain((await staleModule()).release);
    expect(await kheaders("stale", "pull", "--offline", ...cache)).toMatchObject({ status: 3, stdout: "" });
    const { status, stdout } = await kheaders("stale", "pull", "--json", ...cache);
    expect(status).toBe(7);
    expect(stdout).toMatch(/^\{.*\}\n$/);
    expect(JSON.parse(stdout)).toEqual({
      serial: device("stale").serial,
      error: {
        code: "archive-mismatch",
        message: expect.stringContaining((await staleModule()).release),
        hint: expect.stringContaining("--allow-mismatch"),
      },
    });
  });
});

describe("a kernel without headers", emulated, () => {
  it("gives status 4 with the reason and the folders that were searched", async () => {
    const outcome = await kheaders("none", "pull");
    expect(outcome).toMatchObject({ status: 4, stdout: "" });
    expect(outcome.stderr).toMatch(/CONFIG_IKHEADERS/);
    for (const folder of ["/system/lib/modules", "/system_dlkm/lib/modules", "/vendor_dlkm/lib/modules"])
      expect(outcome.stderr).toContain(folder);
    expect(host.cacheContents()).toEqual([]);
  });
});

describe("headers that are built into the kernel", emulated, () => {
  it("come with nothing loaded or unloaded", async () => {
    const before = await kernelEvents(host, device("built-in"));
    const { status, stdout } = await kheaders("built-in", "pull", "--json");
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ cache: "miss", source: "built-in", unloaded: null });
    expect(await kernelEvents(host, device("built-in"))).toBe(before);
  });
});

describe("a module that somebody else has loaded", emulated, () => {
  beforeAll(() => host.shell(device("module"), "insmod /system/lib/modules/kheaders.ko"));
  afterAll(() => host.shell(device("module"), "rmmod kheaders"));

  it("stays loaded", async () => {
    const before = await kernelEvents(host, device("module"));
    const { status, stdout } = await kheaders("module", "pull", "--refresh", "--json");
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ cache: "miss", source: "loaded", unloaded: null });
    expect(await isLoaded(host, device("module"))).toBe(true);
    expect(await kernelEvents(host, device("module"))).toBe(before);
  });
});

describe("a module that a pull leaves in with --keep-loaded", emulated, () => {
  it("stays until `unload`", async () => {
    const { status, stdout } = await kheaders("module", "pull", "--refresh", "--keep-loaded", "--json");
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ source: "module", unloaded: null });
    expect(await isLoaded(host, device("module"))).toBe(true);

    const { serial } = device("module");
    expect(await kheaders("module", "unload")).toMatchObject({ status: 0, stdout: `${serial}: unloaded\n` });
    expect(await isLoaded(host, device("module"))).toBe(false);
    expect(await kheaders("module", "unload")).toMatchObject({
      status: 0,
      stdout: `${serial}: was not loaded\n`,
    });
  });

  it("is told of by `unload --json`", async () => {
    const { serial } = device("module");
    await host.shell(device("module"), "insmod /system/lib/modules/kheaders.ko");
    const { stdout } = await kheaders("module", "unload", "--json");
    expect(JSON.parse(stdout)).toEqual({ serial, unloaded: true });
    expect(await isLoaded(host, device("module"))).toBe(false);
  });
});
