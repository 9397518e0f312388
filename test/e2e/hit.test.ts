import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { VirtualDevice } from "../lab/index.js";
import { kernelEvents } from "../support/device-state.js";
import { emulated } from "../support/emulated.js";
import type { Outcome } from "../support/kheaders.js";
import { Workstation } from "../support/workstation.js";

let host: Workstation;
let device: VirtualDevice;
let first: Outcome;

beforeAll(async () => {
  host = await Workstation.open();
  device = await host.boot({ flavour: "module" });
  first = await host.kheaders(["pull"]);
  expect(first.status).toBe(0);
});

afterAll(() => host.close());

/** Runs the command, and tells how many modules the device's kernel loaded and unloaded meanwhile. */
async function withEvents(args: readonly string[]): Promise<Outcome & { events: number }> {
  const before = await kernelEvents(host, device);
  const outcome = await host.kheaders(args);
  return { ...outcome, events: (await kernelEvents(host, device)) - before };
}

describe("a pull of a kernel that is cached", emulated, () => {
  it("prints the same path and loads no module", async () => {
    const again = await withEvents(["pull"]);
    expect(again).toMatchObject({ status: 0, stdout: first.stdout, stderr: "", events: 0 });
  });

  it("reads only the files of the program that it needs, as does one that goes to the device", async () => {
    const listing = `process.on("exit", () => process._rawDebug(Object.keys(require.cache).join(" ")));`;
    const file = join(host.folder("listing"), "listing.cjs");
    writeFileSync(file, listing);
    const filesOf = async (...args: string[]) => {
      const { stderr } = await host.kheaders(args, { env: { NODE_OPTIONS: `--require=${file}` } });
      return stderr.match(/\bkheaders[\w-]*\.js\b/g) ?? [];
    };
    const hit = ["kheaders.js", "kheaders-main.js", "kheaders-chunk.js"];
    expect(await filesOf("pull")).toEqual(hit);
    const miss = await filesOf("pull", "--refresh");
    expect(miss).toEqual(expect.arrayContaining([...hit, "kheaders-miss.js"]));
    for (const name of ["kheaders-rest.js", "kheaders-diff.js"]) expect(miss).not.toContain(name);
  });

  it("says with --json that it was a hit, and all that is known of the kernel", async () => {
    const { stdout } = await host.kheaders(["pull", "--json"]);
    const result: unknown = JSON.parse(stdout);
    expect(result).toMatchObject({
      cache: "hit",
      tree: first.stdout.trimEnd(),
      source: "module",
      unloaded: null,
      release: (await host.shell(device, "uname -r")).trim(),
      buildId: expect.stringMatching(/^[0-9a-f]{40}$/),
    });
  });

  it("is shown by `devices`", async () => {
    const { stdout } = await host.kheaders(["devices", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ serial: device.serial, cached: true });
  });

  it("is answered with --offline, too", async () => {
    expect(await withEvents(["pull", "--offline"])).toMatchObject({
      status: 0,
      stdout: first.stdout,
      events: 0,
    });
  });

  it("comes from the device all the same with --refresh", async () => {
    expect(await withEvents(["pull", "--refresh"])).toMatchObject({
      status: 0,
      stdout: first.stdout,
      events: 2,
    });
  });
});

it("--offline ends with status 3 and loads nothing where the kernel is not cached", emulated, async () => {
  const elsewhere = host.folder("empty-cache");
  const outcome = await withEvents(["pull", "--offline", "--cache-dir", elsewhere]);
  expect(outcome).toMatchObject({ status: 3, stdout: "", events: 0 });
  expect(outcome.stderr).toContain((await host.shell(device, "uname -r")).trim());
  expect(host.cacheContents(elsewhere)).toEqual([]);
});

it("--wait waits for a device that reboots, whose kernel is known by its build-id", emulated, async () => {
  const bootId = await host.shell(device, "cat /proc/sys/kernel/random/boot_id");
  await host.adb.adb("disconnect", device.serial);
  const waiting = host.start(["pull", "--wait=60"]);
  await waiting.says(/Waiting for the device/);
  await device.reset();
  await device.waitUp();
  await host.adb.connect(device.serial);
  expect(await waiting.ended).toMatchObject({ status: 0, stdout: first.stdout });
  expect(await host.shell(device, "cat /proc/sys/kernel/random/boot_id")).not.toBe(bootId);
  const { stdout } = await host.kheaders(["pull", "--json"]);
  expect(JSON.parse(stdout)).toMatchObject({ cache: "hit" });
});
