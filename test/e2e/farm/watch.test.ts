import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { exitStatusOf } from "../../../shared/errors.js";
import type { SimulatedDevice } from "../../lab/index.js";
import { type FarmKernel, farmKernel, objectsIn, simulateMany, totalLoads } from "../../support/farm.js";
import type { RunningKheaders } from "../../support/kheaders.js";
import { Workstation } from "../../support/workstation.js";

/** An event of one device, as a line of JSON; `count` of them. */
function events(event: string, { serial }: Pick<SimulatedDevice, "serial">, count = 1): RegExp {
  const line = `^\\{"event":"${event}","serial":"${serial}"`;
  return new RegExp(`(?:${line}[\\s\\S]*?){${count}}`, "m");
}

const openFiles = ({ pid }: RunningKheaders) => readdirSync(`/proc/${pid}/fd`).length;
const children = ({ pid }: RunningKheaders) =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
/** Megabytes. */
const memory = ({ pid }: RunningKheaders) =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1000;

describe("watch, while devices come, go, flap and swap kernels, and the adb server restarts twice", () => {
  const [first, second, third, last] = ["6.1.1", "6.1.2", "6.6.1", "6.12.1"].map((release) =>
    farmKernel(`${release}-watch`),
  ) as [FarmKernel, FarmKernel, FarmKernel, FarmKernel];
  let host: Workstation;
  let devices: [SimulatedDevice, SimulatedDevice, SimulatedDevice];
  let told: Record<string, unknown>[];
  let commands: string[];
  let status: number;
  let filesBefore: number;
  let filesAfter: number;
  let childrenAfter: string;
  let memoryBefore: number;
  let memoryAfter: number;

  /** As a cable does it. */
  const replug = async ({ serial }: SimulatedDevice) => {
    await host.adb.adb("disconnect", serial);
    await host.adb.connect(serial);
  };
  const reboot = async (device: SimulatedDevice, kernel: FarmKernel) => {
    await device.reboot(kernel.options);
    await replug(device);
  };

  beforeAll(async () => {
    host = await Workstation.open();
    const unplugged = { attach: false };
    const [a, b, c] = await Promise.all([
      host.simulate(first.options, unplugged),
      host.simulate(first.options, unplugged),
      host.simulate(second.options, unplugged),
    ]);
    devices = [a, b, c];
    await host.adb.connect(a.serial);

    const list = join(host.folder("commands"), "list");
    const note = 'echo "$KHEADERS_SERIAL $KHEADERS_TREE" >>"$1"';
    const watch = host.start(["watch", "--json", "--shell", "--exec", note, list]);
    await watch.says(events("pulled", a));
    await host.adb.connect(b.serial);
    await watch.says(events("pulled", b));
    await host.adb.connect(c.serial);
    await watch.says(events("command-ended", c));
    filesBefore = openFiles(watch);

    for (let flap = 0; flap < 10; flap += 1) await replug(a);
    memoryBefore = memory(watch);
    for (let flap = 0; flap < 20; flap += 1) await replug(a);
    await reboot(b, second);
    await watch.says(events("pulled", b, 2));
    await reboot(a, first);
    await watch.says(events("pulled", a, 2));

    await host.adb.killHard();
    await watch.says(/(?:"event":"watching"[\s\S]*){2}/);
    await c.reboot(third.options);
    for (const { serial } of devices) await host.adb.connect(serial);
    await watch.says(events("pulled", c, 2));
    await host.adb.adb("kill-server");
    await watch.says(/(?:"event":"watching"[\s\S]*){3}/);
    for (const { serial } of devices) await host.adb.connect(serial);
    await reboot(b, third);
    await watch.says(events("command-ended", b, 3));
    memoryAfter = memory(watch);
    filesAfter = openFiles(watch);
    childrenAfter = children(watch);

    const gone = events("disconnected", c, count(watch, events("disconnected", c)) + 1);
    await host.adb.adb("disconnect", c.serial);
    await watch.says(gone);
    await a.setFaults({ readRate: 20 });
    await reboot(a, last);
    await vi.waitFor(async () => expect(await a.hasArchive()).toBe(true), { timeout: 30_000 });
    watch.signal("SIGTERM");
    const outcome = await watch.ended;
    status = outcome.status;
    told = objectsIn(outcome.stdout);
    commands = readFileSync(list, "utf8").trim().split("\n");
  });
  afterAll(async () => {
    // The one that watch has started.
    await host.adb.adb("kill-server");
    await host.close();
  });

  const pulls = ({ serial }: SimulatedDevice) =>
    told
      .filter((event) => event.event === "pulled" && event.serial === serial)
      .map(({ release, cache }) => [release, cache]);

  it("pulls once for each boot of each device", () => {
    const [a, b, c] = devices;
    expect(pulls(a)).toEqual([
      ["6.1.1-watch", "miss"],
      ["6.1.1-watch", "hit"],
    ]);
    expect(pulls(b)).toEqual([
      ["6.1.1-watch", "hit"],
      ["6.1.2-watch", "hit"],
      ["6.6.1-watch", "hit"],
    ]);
    expect(pulls(c)).toEqual([
      ["6.1.2-watch", "miss"],
      ["6.6.1-watch", "miss"],
    ]);
  });

  it("transfers each kernel once, and unloads what it loaded, also when it is told to end in the middle", async () => {
    const [a, b, c] = devices;
    expect(await a.counts()).toEqual({ loads: 2, unloads: 2 });
    expect(await b.counts()).toEqual({ loads: 0, unloads: 0 });
    expect(await c.counts()).toEqual({ loads: 2, unloads: 2 });
  });

  it("tells that the server was lost and is back, and fails at nothing", () => {
    const ofServer = told
      .map(({ event }) => event)
      .filter((event) => /^(watching|server-lost)$/.test(String(event)));
    expect(ofServer).toEqual(["watching", "server-lost", "watching", "server-lost", "watching"]);
    expect(told.filter(({ event }) => event === "failed")).toEqual([]);
  });

  it("runs the command once for each tree that is new to its device", () => {
    const [a, b, c] = devices;
    const trees = (kernel: FarmKernel) => `${host.cache}/trees/${kernel.digest}`;
    expect(commands.toSorted()).toEqual(
      [
        `${a.serial} ${trees(first)}`,
        `${b.serial} ${trees(first)}`,
        `${b.serial} ${trees(second)}`,
        `${b.serial} ${trees(third)}`,
        `${c.serial} ${trees(second)}`,
        `${c.serial} ${trees(third)}`,
      ].toSorted(),
    );
  });

  it("ends with the status of the signal, and tells of no error", () => {
    expect(status).toBe(exitStatusOf.terminated);
    expect(told.every((object) => typeof object.event === "string")).toBe(true);
  });

  it("tells when each thing happened", () => {
    const times = told.map(({ time }) => String(time));
    for (const time of times) expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(times).toEqual(times.toSorted());
  });

  it("keeps no file open, leaves no process, and needs no more memory with time", () => {
    expect(filesAfter).toBeLessThanOrEqual(filesBefore);
    expect(childrenAfter).toBe("");
    expect(memoryAfter).toBeLessThan(memoryBefore + 30);
  });
});

describe("two pull --all at once, and watch beside them", () => {
  const kernels = [farmKernel("6.1.1-both"), farmKernel("6.6.1-both")] as const;
  let host: Workstation;

  beforeAll(async () => {
    host = await Workstation.open();
  });
  afterAll(() => host.close());

  it("cause one transfer a kernel", async () => {
    const [one, other] = kernels;
    const devices = [
      ...(await simulateMany(host, 4, one.options)),
      ...(await simulateMany(host, 4, other.options)),
    ];
    const watch = host.start(["watch", "--json"]);
    const [left, right] = await Promise.all([
      host.kheaders(["pull", "--all", "--json"]),
      host.kheaders(["pull", "--all", "--json"]),
    ]);
    await Promise.all(devices.map((device) => watch.says(events("pulled", device))));
    watch.signal("SIGINT");
    const watched = await watch.ended;

    expect([left.status, right.status, watched.status]).toEqual([0, 0, exitStatusOf.interrupted]);
    const results = [left, right, watched]
      .flatMap(({ stdout }) => objectsIn(stdout))
      .filter((result) => "tree" in result);
    expect(results).toHaveLength(24);
    expect(results.filter(({ cache }) => cache === "miss")).toHaveLength(2);
    expect(await totalLoads(devices)).toEqual({ loads: 2, unloads: 2 });
  });
});

describe("watch on the command line", () => {
  let host: Workstation;

  beforeAll(async () => {
    host = await Workstation.open();
  });
  afterAll(() => host.close());

  it.each([
    [["--root"], "--root"],
    [["--shell"], "--shell can only be given with --exec"],
    [["argument"], 'unexpected argument "argument"'],
    [["-t", "1"], "-t"],
    [["--match", "x"], "--match"],
  ])("refuses %j", async (flags, named) => {
    const { status, stderr } = await host.kheaders(["watch", ...flags]);
    expect(status).toBe(exitStatusOf.usage);
    expect(stderr).toContain(named);
  });

  it("prints lines for people, and says when a command cannot be run", async () => {
    const kernel = farmKernel("6.1.1-lines");
    const device = await host.simulate(kernel.options);
    const watch = host.start(["watch", "--exec", "no-such-command", "-s", device.serial]);
    await watch.says(/command failed/);
    watch.signal("SIGTERM");
    const { stdout, stderr } = await watch.ended;
    // A signal is how it ends.
    expect(stderr).toBe("");
    const lines = stdout.trim().split("\n");
    for (const line of lines) expect(line).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}/);
    expect(lines.map((line) => line.slice(21))).toEqual([
      "adb server: watching",
      `${device.serial}: connected`,
      expect.stringMatching(
        /: done: 6\.1\.1-lines, \d+ B transferred \(module\), .* s: \/.*\/trees\/[0-9a-f]{64}$/,
      ),
      expect.stringContaining(`${device.serial}: command failed: no-such-command was not found`),
    ]);
  });

  it("hands arguments to the command, and no shell looks at them", async () => {
    const device = await host.simulate(farmKernel("6.1.2-lines").options);
    const watch = host.start(["watch", "-s", device.serial, "--exec", "printf", "--", "<%s>", "-n", "$HOME"]);
    await watch.says(/command ended with status 0/);
    watch.signal("SIGTERM");
    const { stderr } = await watch.ended;
    expect(stderr).toContain("<-n><$HOME>");
  });

  it("ends when its reader goes away", async () => {
    const device = await host.simulate(farmKernel("6.1.3-lines").options);
    const { stderr } = await host.kheaders(["watch", "-s", device.serial], {
      before: ["sh", "-c", '{ "$@"; echo "status $?" >&2; } | head -n 1', "sh"],
    });
    expect(stderr).toContain("status 0");
  });
});

/** How many of such events were told so far. */
function count(watch: RunningKheaders, event: RegExp): number {
  return watch.said.match(new RegExp(event.source, "gm"))?.length ?? 0;
}
