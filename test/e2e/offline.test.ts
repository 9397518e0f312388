import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SimulatedDevice } from "../lab/index.js";
import { smallArchive } from "../support/small-archive.js";
import { sha256 } from "../support/tree-listing.js";
import { Workstation } from "../support/workstation.js";

const fingerprint = "acme/board/board:14/UQ1A.240105.004/1:user/release-keys";
const release = "6.1.57-android14-11";
const first = smallArchive(release, { content: "the first build" });
const second = smallArchive(release, { content: "the second build" });

let host: Workstation;
let device: SimulatedDevice;

/** Without a device, and without an adb that could find one. */
const noAdb = { env: { ANDROID_ADB_SERVER_PORT: "1", ADB: undefined, PATH: "/nonexistent" } };
const selected = ["pull", "--offline", "--fingerprint", fingerprint, "--release", release];

beforeAll(async () => {
  host = await Workstation.open();
  device = await host.simulate({ fingerprint, release, archive: first });
  expect(await host.kheaders(["pull"])).toMatchObject({ status: 0 });
});
afterAll(() => host.close());

describe("--offline", () => {
  it("answers for the kernel of a device and loads nothing, even in a new boot", async () => {
    const before = await device.counts();
    await device.reboot();
    const { status, stdout } = await host.kheaders(["pull", "--offline", "--json"]);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ cache: "hit", digest: sha256(first), serial: device.serial });
    expect(await device.counts()).toEqual(before);
  });

  it("answers without a device, by --fingerprint and --release", async () => {
    const { status, stdout } = await host.kheaders([...selected, "--json"], noAdb);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      serial: null,
      fingerprint,
      release,
      cache: "hit",
      digest: sha256(first),
      tree: `${host.cache}/trees/${sha256(first)}`,
    });
  });

  it("ends with status 3 where the cache has no such kernel", async () => {
    const outcome = await host.kheaders(["pull", "--offline", "--release", "5.10.1"], noAdb);
    expect(outcome).toMatchObject({ status: 3, stdout: "" });
    expect(outcome.stderr).toContain("kheaders cache ls");
  });

  it("lists several kernels of one release, and --digest chooses", async () => {
    await device.reboot({ version: "#2 SMP PREEMPT Tue May  7 12:00:00 UTC 2024", archive: second });
    expect(await host.kheaders(["pull"])).toMatchObject({ status: 0 });

    const unclear = await host.kheaders(selected, noAdb);
    expect(unclear).toMatchObject({ status: 3, stdout: "" });
    for (const text of [sha256(first).slice(0, 12), sha256(second).slice(0, 12), "#2 SMP", "--digest"])
      expect(unclear.stderr).toContain(text);

    for (const archive of [first, second]) {
      const digest = sha256(archive);
      const chosen = await host.kheaders([...selected, "--digest", digest.slice(0, 12)], noAdb);
      expect(chosen).toMatchObject({ status: 0, stdout: `${host.cache}/trees/${digest}\n` });
    }
  });
});

describe("two builds of one release on one device", () => {
  const builds = [
    { version: "#1 SMP PREEMPT Mon May  6 12:00:00 UTC 2024", archive: first },
    { version: "#2 SMP PREEMPT Tue May  7 12:00:00 UTC 2024", archive: second },
  ];

  it("are told apart, and each is a hit when it runs again", async () => {
    for (const build of [...builds, ...builds]) {
      await device.reboot(build);
      const { stdout } = await host.kheaders(["pull", "--json"]);
      expect(JSON.parse(stdout)).toMatchObject({
        cache: "hit",
        digest: sha256(build.archive),
        version: build.version,
      });
    }
  });

  it("are told of on standard error when they change", async () => {
    await device.reboot(builds[0]);
    await host.kheaders(["pull"]);
    await device.reboot(builds[1]);
    expect((await host.kheaders(["pull"])).stderr).toContain("a different build");
  });
});

describe("a kernel that cannot be told from another of its release", () => {
  const unknown = {
    fingerprint,
    release: "6.1.57-android14-11-maybe-dirty",
    version: "#1 SMP PREEMPT Thu Jan  1 00:00:00 UTC 1970",
    archive: smallArchive("6.1.57-android14-11-maybe-dirty"),
    config: undefined,
  };

  it("is pulled anew in each boot, unless --trust-release vouches for it", async () => {
    await device.reboot(unknown);
    const cacheOf = async (...options: string[]) => {
      const { stdout } = await host.kheaders(["pull", "--json", ...options]);
      const { cache }: { cache?: unknown } = JSON.parse(stdout);
      return cache;
    };
    expect(await cacheOf()).toBe("miss");
    expect(await cacheOf()).toBe("hit");
    await device.reboot();
    expect(await cacheOf()).toBe("miss");
    await device.reboot();
    expect(await cacheOf("--trust-release")).toBe("hit");
  });
});
