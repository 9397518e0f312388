import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type SimulatedDevice, type UnusableDevice, unusableDevice } from "../lab/index.js";
import { smallArchive } from "../support/small-archive.js";
import { Workstation } from "../support/workstation.js";

const release = "6.1.57-android14-11";

describe("with no device", () => {
  let host: Workstation;
  beforeAll(async () => {
    host = await Workstation.open();
  });
  afterAll(() => host.close());

  it("a pull ends with status 3 and says what to do", async () => {
    const outcome = await host.kheaders(["pull"]);
    expect(outcome).toMatchObject({ status: 3, stdout: "" });
    expect(outcome.stderr).toMatch(/^kheaders: no device is connected\n {2}.*USB debugging.*--wait/);
  });

  it("gives its error as one JSON object with --json", async () => {
    const { status, stdout } = await host.kheaders(["pull", "--json"]);
    expect(status).toBe(3);
    expect(stdout).toMatch(/^\{.*\}\n$/);
    expect(JSON.parse(stdout)).toEqual({
      serial: null,
      error: {
        code: "no-device",
        message: "no device is connected",
        hint: expect.stringContaining("--wait"),
      },
    });
  });

  it("a pull with --wait takes the device that comes", async () => {
    const device = await host.simulate({ release, archive: smallArchive(release) }, { attach: false });
    const waiting = host.start(["pull", "--wait=60", "--json"]);
    await waiting.says(/Waiting for the device/);
    await host.adb.connect(device.serial);
    const { status, stdout } = await waiting.ended;
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ serial: device.serial, release });
    await host.adb.adb("disconnect", device.serial);
  });

  it("a pull with --wait ends with status 3 when none comes in time", async () => {
    expect(await host.kheaders(["pull", "--wait=0.5"])).toMatchObject({ status: 3, stdout: "" });
  });
});

describe("with two devices", () => {
  let host: Workstation;
  let one: SimulatedDevice;
  let other: SimulatedDevice;
  beforeAll(async () => {
    host = await Workstation.open();
    const archive = smallArchive(release);
    [one, other] = await Promise.all([
      host.simulate({ release, archive }),
      host.simulate({ release, archive, fingerprint: "lab/other/other:15/LAB.1/2:user/release-keys" }),
    ]);
  });
  afterAll(() => host.close());

  /** The serial of the device that a pull takes. */
  async function chosen(args: readonly string[], env: Record<string, string> = {}): Promise<unknown> {
    const { stdout, stderr } = await host.kheaders(["pull", "--json", ...args], { env });
    const result: { serial?: unknown } = JSON.parse(stdout);
    return result.serial ?? stderr;
  }

  async function transportId(device: SimulatedDevice): Promise<string> {
    const { stdout } = await host.adb.adb("devices", "-l");
    const line = stdout.split("\n").find((text) => text.startsWith(device.serial));
    return /transport_id:(\d+)/.exec(line ?? "")?.[1] ?? "none";
  }

  it("a pull without a choice ends with status 3, lists them, and loads nothing", async () => {
    const outcome = await host.kheaders(["pull"]);
    expect(outcome).toMatchObject({ status: 3, stdout: "" });
    for (const text of [one.serial, other.serial, "-s SERIAL", "ANDROID_SERIAL"])
      expect(outcome.stderr).toContain(text);
    expect(await one.counts()).toEqual({ loads: 0, unloads: 0 });
    expect(await other.counts()).toEqual({ loads: 0, unloads: 0 });
  });

  it("a serial that nobody has ends with status 3 and lists those that there are", async () => {
    const outcome = await host.kheaders(["pull", "-s", "R5CT30ABCDE"]);
    expect(outcome).toMatchObject({ status: 3, stdout: "" });
    for (const text of ["R5CT30ABCDE", one.serial, other.serial, "adb devices"])
      expect(outcome.stderr).toContain(text);
  });

  it("a transport id that nobody has, and -d without a USB device, end with status 3", async () => {
    expect(await host.kheaders(["pull", "-t", "999"])).toMatchObject({ status: 3, stdout: "" });
    expect(await host.kheaders(["pull", "-d"])).toMatchObject({
      status: 3,
      stderr: expect.stringContaining("no USB device"),
    });
  });

  it("-s, -t and ANDROID_SERIAL choose one", async () => {
    expect(await chosen(["-s", one.serial])).toBe(one.serial);
    expect(await chosen(["-s", other.serial])).toBe(other.serial);
    expect(await chosen(["-t", await transportId(other)])).toBe(other.serial);
    expect(await chosen([], { ANDROID_SERIAL: one.serial })).toBe(one.serial);
  });

  it("an option wins over ANDROID_SERIAL", async () => {
    expect(await chosen(["-s", other.serial], { ANDROID_SERIAL: one.serial })).toBe(other.serial);
    expect(await chosen(["-t", await transportId(other)], { ANDROID_SERIAL: one.serial })).toBe(other.serial);
  });

  it("options may stand before the command", async () => {
    const { stdout } = await host.kheaders(["-s", other.serial, "--json", "pull"]);
    expect(JSON.parse(stdout)).toMatchObject({ serial: other.serial });
  });
});

describe.each([
  ["unauthorized", /has not authorized this computer\n {2}.*Allow USB debugging/],
  ["offline", /is offline\n {2}.*adb reconnect/],
] as const)("with an %s device", (state, message) => {
  let host: Workstation;
  let device: UnusableDevice;
  let connecting: Promise<unknown>;
  beforeAll(async () => {
    host = await Workstation.open();
    device = await unusableDevice(state);
    // adb waits for the device to become usable; it is listed before that.
    connecting = host.adb.adb("connect", device.serial);
    while (!(await host.adb.adb("devices")).stdout.includes(`${device.serial}\t${state}`)) await sleep(50);
  });
  afterAll(async () => {
    await host.close();
    device.close();
    await connecting;
  });

  it("a pull ends with status 3 and says what to do", async () => {
    const outcome = await host.kheaders(["pull"]);
    expect(outcome).toMatchObject({ status: 3, stdout: "" });
    expect(outcome.stderr).toContain(device.serial);
    expect(outcome.stderr).toMatch(message);
  });

  it("`devices` shows its state", async () => {
    const { status, stdout, stderr } = await host.kheaders(["devices"]);
    expect(status).toBe(0);
    expect(stdout).toMatch(new RegExp(`^${device.serial} +${state} `, "m"));
    expect(stderr).toMatch(message);
  });
});
