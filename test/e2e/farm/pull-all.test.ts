import { availableParallelism } from "node:os";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exitStatusOf } from "../../../shared/errors.js";
import type { SimulatedDevice } from "../../lab/index.js";
import { unusableDevice } from "../../lab/index.js";
import { farmKernel, objectsIn, otherBuild, simulateMany, totalLoads } from "../../support/farm.js";
import { Workstation } from "../../support/workstation.js";

const pause = "#!/system/bin/sh\nsleep 1000\n";

describe("32 devices that run one kernel", () => {
  const kernel = farmKernel("6.6.1-farm");
  let host: Workstation;
  let devices: SimulatedDevice[];

  beforeAll(async () => {
    host = await Workstation.open();
    devices = await simulateMany(host, 32, kernel.options);
  });
  afterAll(() => host.close());

  it("cause one transfer in all, and each gets the right tree", async () => {
    const { status, stdout } = await host.kheaders(["pull", "--all", "--json"]);
    const results = objectsIn(stdout);
    expect(status).toBe(0);
    expect(results.map(({ serial }) => serial).sort()).toEqual(devices.map(({ serial }) => serial).sort());
    expect(new Set(results.map(({ digest }) => digest))).toEqual(new Set([kernel.digest]));
    expect(results.filter(({ cache }) => cache === "miss")).toHaveLength(1);
    expect(await totalLoads(devices)).toEqual({ loads: 1, unloads: 1 });
  });

  it("are told of on standard error, a line each and one that sums up; standard output has serial and tree", async () => {
    const { status, stdout, stderr } = await host.kheaders(["pull", "--all"]);
    expect(status).toBe(0);
    const lines = stdout.trim().split("\n");
    expect(lines.map((line) => line.split("\t")[0]).sort()).toEqual(
      devices.map(({ serial }) => serial).sort(),
    );
    expect(new Set(lines.map((line) => line.split("\t")[1]))).toEqual(
      new Set([`${host.cache}/trees/${kernel.digest}`]),
    );
    const told = stderr.trim().split("\n");
    expect(told).toHaveLength(33);
    expect(told.at(-1)).toMatch(/^32 devices: 0 transferred, 32 from the cache, 0 failed, /);
    for (const { serial } of devices)
      expect(stderr).toContain(`kheaders: ${serial}: done: 6.6.1-farm, from the cache`);
  });

  it("have a live line each on a terminal, with the result at the end", async () => {
    const { status, stdout, stderr } = await host.kheaders(["pull", "--all", "-j", "4"], {
      terminal: { of: "stderr", columns: 60 },
    });
    expect(status).toBe(0);
    expect(stdout.trim().split("\n")).toHaveLength(32);
    const last = stderr.slice(stderr.lastIndexOf("\x1b[J"));
    for (const { serial } of devices) expect(last).toContain(`${serial}`);
    expect(last.match(/done: 6\.6\.1-farm, from the cache/g)).toHaveLength(32);
    expect(stderr).toMatch(/32 devices: 0 transferred, 32 from the cache, 0 failed/);
  });

  it("can be pulled from with --quiet: nothing but the results is told", async () => {
    const { stdout, stderr } = await host.kheaders(["pull", "--all", "--quiet"]);
    expect(stdout.trim().split("\n")).toHaveLength(32);
    expect(stderr).toBe("");
  });

  it("can be named one by one; one that is not there fails alone", async () => {
    const named = devices.slice(0, 2).flatMap(({ serial }) => ["-s", serial]);
    const { status, stdout, stderr } = await host.kheaders(["pull", ...named, "-s", "nobody", "--json"]);
    expect(status).toBe(exitStatusOf["unknown-serial"]);
    const results = objectsIn(stdout);
    expect(results).toHaveLength(3);
    expect(results.find(({ serial }) => serial === "nobody")).toMatchObject({
      error: { code: "unknown-serial", message: expect.stringContaining("nobody") },
    });
    expect(stderr).toContain("3 devices: 0 transferred, 2 from the cache, 1 failed");
  });
});

describe("devices chosen by a pattern", () => {
  const one = farmKernel("6.1.10-farm");
  const other = farmKernel("5.15.10-farm");
  let host: Workstation;
  let devices: SimulatedDevice[];

  beforeAll(async () => {
    host = await Workstation.open();
    devices = [
      ...(await simulateMany(host, 2, one.options)),
      await host.simulate({ ...other.options, fingerprint: "lab/other/other:15/LAB.2/2:user/release-keys" }),
    ];
  });
  afterAll(() => host.close());

  const pulledWith = async (...patterns: string[]) => {
    const flags = patterns.flatMap((pattern) => ["--match", pattern]);
    const { stdout } = await host.kheaders(["pull", "--json", ...flags]);
    return objectsIn(stdout).map(({ release }) => release);
  };

  it("are those with such a release", async () => {
    expect(await pulledWith("release=6.1.*")).toEqual(["6.1.10-farm", "6.1.10-farm"]);
  });

  it("are those with such a fingerprint", async () => {
    expect(await pulledWith("fingerprint=lab/other/*")).toEqual(["5.15.10-farm"]);
  });

  it("are those for which all patterns fit", async () => {
    expect(await pulledWith("release=*-farm", "fingerprint=*:15/LAB.?/2:*")).toEqual(["5.15.10-farm"]);
  });

  it("may be none: that is an error", async () => {
    const { status, stderr, stdout } = await host.kheaders(["pull", "--match", "release=4.*"]);
    expect(status).toBe(exitStatusOf["no-device"]);
    expect(stderr).toContain("no connected device runs a kernel that matches");
    expect(stdout).toBe("");
  });

  it("leave out those that cannot be used, and say so", async () => {
    const locked = await unusableDevice("unauthorized");
    try {
      await host.adb.adb("connect", locked.serial);
      const { status, stderr, stdout } = await host.kheaders(["pull", "--all"]);
      expect(status).toBe(0);
      expect(stdout.trim().split("\n")).toHaveLength(devices.length);
      expect(stderr).toContain(
        `${locked.serial}: skipped: ${locked.serial} has not authorized this computer`,
      );
    } finally {
      locked.close();
      await host.adb.adb("disconnect", locked.serial);
    }
  });

  it.each([
    [["--all", "--root"], "--root"],
    [["--all", "-o", "copy"], "--output"],
    [["--all", "--archive", "file"], "--archive"],
    [["--all", "--link", "link"], "--link"],
    [["--all", "-s", "one"], "-s"],
    [["--all", "-t", "1"], "-t"],
    [["--match", "colour=red"], "--match"],
    [["--jobs", "2"], "--jobs"],
    [["--all", "--jobs", "0"], "--jobs"],
  ])("are refused with flags that make no sense: %j", async (flags, named) => {
    const { status, stderr, stdout } = await host.kheaders(["pull", ...flags]);
    expect(status).toBe(exitStatusOf.usage);
    expect(stderr).toContain(named);
    expect(stdout).toBe("");
  });

  it("are refused by commands for one device", async () => {
    const { status, stderr } = await host.kheaders(["unload", "-s", "one", "-s", "other"]);
    expect(status).toBe(exitStatusOf.usage);
    expect(stderr).toContain("-s was given several times");
  });
});

describe("32 devices of 4 kernels with 3 that hang, 2 that refuse and 1 unplugged in the middle", () => {
  const kernels = ["6.1.1", "6.1.2", "6.6.1", "6.12.1"].map((release) => farmKernel(`${release}-farm`));
  let host: Workstation;

  beforeAll(async () => {
    host = await Workstation.open();
  });
  afterAll(() => host.close());

  it("give 26 right results and six clear errors", async () => {
    const healthy = await Promise.all(
      [7, 7, 6, 6].map(async (count, index) => {
        const kernel = kernels[index] ?? farmKernel("none");
        return { kernel, devices: await simulateMany(host, count, kernel.options) };
      }),
    );
    const [first, second, third, fourth] = kernels.map(otherBuild);
    const [inLoading, inTransfer, inShell] = await Promise.all([
      host.simulate({ ...first, faults: { loadDelay: 1000 } }),
      host.simulate({ ...second, faults: { readRate: 1 } }),
      host.simulate({ ...third, programs: { "/system/bin/getprop": pause } }),
    ]);
    const refusal = { text: "insmod: failed to load: Key was rejected by service\n", status: 1 };
    const refusing = await Promise.all([
      host.simulate({ ...third, faults: { loadFailure: refusal } }),
      host.simulate({ ...fourth, faults: { loadFailure: refusal } }),
    ]);
    const unplugged = await host.simulate({ ...fourth, faults: { readRate: 20 } });

    const running = host.start(["pull", "--all", "--json", "-v", "--timeout", "25", "--stall", "6"]);
    await running.says(new RegExp(`${unplugged.serial}  Transferring`));
    await unplugged.stop();
    const { status, stdout } = await running.ended;

    const results = objectsIn(stdout);
    expect(results).toHaveLength(32);
    const of = ({ serial }: { serial: string }) => results.find((result) => result.serial === serial);
    for (const { kernel, devices } of healthy) {
      for (const device of devices) {
        expect(of(device)).toMatchObject({ release: kernel.options.release, digest: kernel.digest });
      }
    }
    for (const device of [inLoading, inTransfer, inShell]) {
      expect(of(device)).toMatchObject({
        error: { code: "timed-out", message: expect.stringMatching(/gave up after 25 s|stood still/) },
      });
    }
    for (const device of refusing) {
      expect(of(device)).toMatchObject({
        error: { code: "module-refused", message: expect.stringContaining("signature") },
      });
    }
    expect(of(unplugged)).toMatchObject({ error: { code: "device-lost" } });
    expect(status).toBe(exitStatusOf["timed-out"]);
    expect(await inLoading.hasArchive()).toBe(false);
    expect(await inTransfer.hasArchive()).toBe(false);
  });
});

describe("a device that makes no headway", () => {
  let host: Workstation;

  beforeAll(async () => {
    host = await Workstation.open();
  });
  afterAll(() => host.close());

  it("does not keep its kernel from others, not even those of another process", async () => {
    const kernel = farmKernel("6.1.1-stuck");
    const stuck = await host.simulate({ ...otherBuild(kernel), faults: { loadDelay: 1000 } });
    const healthy = await host.simulate(kernel.options);
    const holding = host.start(["pull", "-v", "--stall", "3", "-s", stuck.serial]);
    await holding.says(/Loading the headers on the device/);
    const outcome = await host.kheaders(["pull", "--json", "--timeout", "30", "-s", healthy.serial]);
    expect(objectsIn(outcome.stdout)).toEqual([
      expect.objectContaining({ digest: kernel.digest, cache: "miss" }),
    ]);
    expect(outcome.stderr).toContain("Waiting for another kheaders that pulls this kernel");
    holding.signal("SIGINT");
    expect(await holding.ended).toMatchObject({ status: exitStatusOf.interrupted });
  });

  it("does not keep others from a decoder", async () => {
    const slow = await Promise.all(
      Array.from({ length: availableParallelism() + 1 }, (_, index) =>
        host.simulate({ ...farmKernel(`6.1.${index}-slow`).options, faults: { readRate: 1 } }),
      ),
    );
    const kernel = farmKernel("6.6.1-late");
    const late = "#!/lab-bin/busybox sh\nsleep 2\necho lab/late/late:15/LAB.1/1:user/release-keys\n";
    const healthy = await host.simulate({ ...kernel.options, programs: { "/system/bin/getprop": late } });
    const serials = [...slow, healthy].flatMap(({ serial }) => ["-s", serial]);
    const { stdout } = await host.kheaders(["pull", "--json", "--stall", "3", "--timeout", "15", ...serials]);
    const results = objectsIn(stdout);
    expect(results[0]).toMatchObject({ serial: healthy.serial, digest: kernel.digest });
    expect(results.slice(1).map(({ error }) => error)).toEqual(
      slow.map(() => expect.objectContaining({ code: "timed-out" })),
    );
  });
});

describe("pull --all", () => {
  let host: Workstation;

  beforeAll(async () => {
    host = await Workstation.open();
  });
  afterAll(() => host.close());

  it("waits for devices with --wait", async () => {
    const kernel = farmKernel("6.1.1-awaited");
    const device = await host.simulate(kernel.options, { attach: false });
    const running = host.start(["pull", "--all", "--wait", "--json"]);
    await running.says(/Waiting for devices/);
    await host.adb.connect(device.serial);
    const { status, stdout } = await running.ended;
    expect(status).toBe(0);
    expect(objectsIn(stdout)).toMatchObject([{ serial: device.serial, digest: kernel.digest }]);
    await device.stop();
    await host.adb.adb("disconnect", device.serial);
  });

  it("leaves no module loaded when it is interrupted, and nothing unfinished in the cache", async () => {
    const before = host.cacheContents();
    const devices = await Promise.all(
      ["6.1.2-cut", "6.1.3-cut"].map((release) =>
        host.simulate({ ...farmKernel(release).options, faults: { readRate: 20 } }),
      ),
    );
    const running = host.start(["pull", "--all", "-v"]);
    await running.says(/Transferring/);
    running.signal("SIGINT");
    const { status, stdout } = await running.ended;
    expect({ status, stdout }).toEqual({ status: exitStatusOf.interrupted, stdout: "" });
    const { loads, unloads } = await totalLoads(devices);
    expect(loads).toBeGreaterThan(0);
    expect(unloads).toBe(loads);
    expect(host.cacheContents()).toEqual(before);
  });
});
