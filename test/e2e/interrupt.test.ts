import { randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { SimulatedDevice, VirtualDevice } from "../lab/index.js";
import { isLoaded, kernelEvents } from "../support/device-state.js";
import { emulated } from "../support/emulated.js";
import { smallArchive } from "../support/small-archive.js";
import { Workstation } from "../support/workstation.js";

/** A device that is slow to restore itself does it all the same. */
const patience = { timeout: 20_000, interval: 100 };
const release = "6.1.57-android14-11";

describe("Ctrl-C while the archive comes from a real kernel", emulated, () => {
  let host: Workstation;
  let device: VirtualDevice;
  beforeAll(async () => {
    host = await Workstation.open();
    device = await host.boot({ flavour: "module" });
  });
  afterAll(() => host.close());

  it("ends with status 130; the module is gone, and nothing of the archive is in the cache", async () => {
    const before = await kernelEvents(host, device);
    const pull = host.start(["pull"]);
    await pull.says(/Transferring/);
    pull.signal("SIGINT");
    expect(await pull.ended).toMatchObject({ status: 130, stdout: "" });
    await expect.poll(() => isLoaded(host, device), patience).toBe(false);
    expect((await kernelEvents(host, device)) - before).toBe(2);
    expect(host.cacheContents()).toEqual([]);
  });

  it("does not stand in the way of the next pull", async () => {
    expect(await host.kheaders(["pull"])).toMatchObject({ status: 0 });
  });
});

describe("a pull that is ended while a slow device sends", () => {
  let host: Workstation;
  let device: SimulatedDevice;
  const archive = smallArchive(release, { content: randomBytes(150_000).toString("base64") });
  beforeAll(async () => {
    host = await Workstation.open();
  });
  afterAll(() => host.close());
  beforeEach(async () => {
    device = await host.simulate({ release, archive, faults: { readRate: 2_000 } });
  });
  afterEach(() => host.adb.adb("disconnect", device.serial));

  async function expectAsBefore(): Promise<void> {
    await expect.poll(() => device.counts(), patience).toEqual({ loads: 1, unloads: 1 });
    expect(await device.hasArchive()).toBe(false);
    expect(host.cacheContents()).toEqual([]);
  }

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 143],
  ] as const)("by %s ends with status %d and leaves all as it was", async (signal, status) => {
    const pull = host.start(["pull"]);
    await pull.says(/Transferring/);
    pull.signal(signal);
    expect(await pull.ended).toMatchObject({ status, stdout: "" });
    await expectAsBefore();
  });

  it("by Ctrl-C on its terminal ends with status 130 and leaves all as it was", async () => {
    const pull = host.start(["pull"], { terminal: { of: "both" } });
    await pull.says(/Transferring \d/);
    pull.type("\x03");
    expect(await pull.ended).toMatchObject({ status: 130 });
    await expectAsBefore();
  });

  it("by --timeout ends with status 6 and leaves all as it was", async () => {
    const outcome = await host.kheaders(["pull", "--timeout=4"]);
    expect(outcome).toMatchObject({ status: 6, stdout: "" });
    expect(outcome.stderr).toContain("gave up after 4 s");
    await expect.poll(() => device.hasArchive(), patience).toBe(false);
    // On a busy machine the time may be over before the module is loaded.
    const { loads, unloads } = await device.counts();
    expect(unloads).toBe(loads);
    expect(host.cacheContents()).toEqual([]);
  });

  it("by Ctrl-C tells it as one JSON object with --json", async () => {
    const pull = host.start(["pull", "--json"]);
    await pull.says(/Transferring/);
    pull.signal("SIGINT");
    const { stdout } = await pull.ended;
    expect(stdout).toMatch(/^\{.*\}\n$/);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: "interrupted" } });
  });
});

it("Ctrl-C ends the wait for a device with status 130", async () => {
  const host = await Workstation.open();
  try {
    const pull = host.start(["pull", "--wait"]);
    await pull.says(/Waiting for the device/);
    pull.signal("SIGINT");
    expect(await pull.ended).toMatchObject({ status: 130, stdout: "" });
  } finally {
    await host.close();
  }
});
