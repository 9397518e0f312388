import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SimulatedDevice } from "../lab/index.js";
import { smallArchive } from "../support/small-archive.js";
import { Workstation } from "../support/workstation.js";

const release = "6.6.1-spoofed";
const stock = { config: 'CONFIG_IKCONFIG=y\nCONFIG_LOCALVERSION="-stock"\n' };

let host: Workstation;

beforeAll(async () => {
  host = await Workstation.open();
});

afterAll(() => host.close());

async function pull(device: SimulatedDevice, ...args: string[]) {
  const { status, stdout, stderr } = await host.kheaders(["-s", device.serial, "pull", "--json", ...args]);
  const result: { release?: string; cache?: string; proof?: string; digest?: string } = JSON.parse(stdout);
  return { status, stderr, result };
}

describe("an archive that is built into the running kernel", () => {
  it.each([
    { what: "/proc/config.gz", spoof: stock, archiveOf: release },
    { what: "uname -r", spoof: {}, archiveOf: "6.1.2-real" },
  ])("is its own, whatever $what says", async ({ what, spoof, archiveOf }) => {
    const archive = smallArchive(archiveOf, { content: what });
    const device = await host.simulate({ source: "built-in", archive, release, ...spoof });
    const first = await pull(device);
    expect(first).toMatchObject({ status: 0, result: { release, cache: "miss", proof: null } });
    expect(first.stderr).toContain(`kheaders: warning: the device's ${what} contradicts the headers`);
    const second = await pull(device);
    expect(second).toMatchObject({ status: 0, stderr: "", result: { cache: "hit", proof: "boot" } });
    await device.stop();
  });

  it("proves nothing by what was spoofed: after a reboot it is pulled again", async () => {
    const device = await host.simulate({
      source: "built-in",
      archive: smallArchive(release, { content: "one" }),
      release,
      ...stock,
    });
    const first = await pull(device);
    await device.reboot({ archive: smallArchive(release, { content: "another" }) });
    const second = await pull(device);
    expect(second).toMatchObject({ status: 0, result: { cache: "miss" } });
    expect(second.result.digest).not.toBe(first.result.digest);
  });

  it("but one of a module with such a contradiction is another kernel's", async () => {
    const archive = smallArchive(release);
    const device = await host.simulate({ source: "module", archive, release, ...stock });
    expect(await pull(device)).toMatchObject({ status: 7 });
  });
});

describe("optional evidence that cannot be read", () => {
  it.each([
    { what: "/proc/config.gz holds no configuration", unreadable: { config: "" } },
    { what: "/sys/kernel/notes is empty or damaged", unreadable: { notes: Buffer.alloc(5, 0xff) } },
  ])("is unknown, and the pull says so: $what", async ({ what, unreadable }) => {
    const device = await host.simulate({
      archive: smallArchive("6.6.2-unknown"),
      release: "6.6.2-unknown",
      ...unreadable,
    });
    const { status, stderr, result } = await pull(device, "--refresh");
    expect({ status, cache: result.cache }).toEqual({ status: 0, cache: "miss" });
    expect(stderr.match(new RegExp(`warning: ${what}`, "g"))).toHaveLength(1);
    await device.stop();
  });
});

it("pull -v says why the cache served, and why it did not", async () => {
  const device = await host.simulate({ archive: smallArchive("6.6.3-why"), release: "6.6.3-why" });
  const verbose = ["-s", device.serial, "pull", "-v"];
  expect((await host.kheaders(verbose)).stderr).toMatch(
    / s {2}Not in the cache \(no kernel 6\.6\.3-why .*\)$/m,
  );
  expect((await host.kheaders(verbose)).stderr).toMatch(/ s {2}In the cache \(hit: the same boot\)$/m);
  await device.reboot();
  expect((await host.kheaders(verbose)).stderr).toMatch(
    / s {2}In the cache \(hit: equal version and configuration\)$/m,
  );
});
