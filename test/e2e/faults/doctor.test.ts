import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { freePort, listens, startAdbServer, unusableDevice } from "../../lab/index.js";
import type { DeviceEntry } from "../../lab/newc.js";
import { kernelEvents, storage } from "../../support/device-state.js";
import { emulated } from "../../support/emulated.js";
import { FakeAdbServer } from "../../support/fake-adb-server.js";
import { moduleBytes } from "../../support/module-builder.js";
import { smallArchive } from "../../support/small-archive.js";
import { type CommandOptions, Workstation } from "../../support/workstation.js";

interface Check {
  readonly name: string;
  readonly status: string;
  readonly detail: string;
}

let host: Workstation;

beforeAll(async () => {
  host = await Workstation.open();
});

afterAll(() => host.close());

afterEach(() => {
  // The doctor looks at a cache; it makes none.
  expect(existsSync(host.cache)).toBe(false);
});

/** What the doctor finds. */
async function examine(args: readonly string[], options?: CommandOptions) {
  const { status, stdout } = await host.kheaders([...args, "doctor", "--json"], options);
  const { checks, next }: { checks: Check[]; next: string } = JSON.parse(stdout);
  const found = (name: string) => checks.find((check) => check.name === name);
  return { status, checks, next, found };
}

const names = [
  "versions",
  "adb",
  "server",
  "device",
  "shell",
  "root",
  "kernel config",
  "module",
  "archive",
  "disk",
  "cache",
];

it("starts no adb server where none runs, and says how to", async () => {
  const port = await freePort();
  const { status, checks, next, found } = await examine(["-P", String(port)]);
  expect(status).toBe(6);
  expect(checks.map(({ name }) => name)).toEqual(names);
  expect(found("server")).toMatchObject({ status: "failed", code: "adb-failed" });
  for (const name of ["device", "shell", "root", "kernel config", "module", "archive"])
    expect(found(name)).toMatchObject({ status: "skipped" });
  expect(next).toBe("Start it with: adb start-server");
  expect(await listens(port)).toBe(false);
});

it("says what a bug report needs", async () => {
  const [versions] = (await examine([])).checks;
  expect(versions?.detail).toMatch(/^kheaders \d+\.\d+\.\d+\S*, Node \d+\.\d+\.\d+, Linux \S+ \S+$/);
});

it("does not take any answer for a version", async () => {
  const server = await FakeAdbServer.start((_, client) => client.okay("soon"));
  try {
    const { port } = server.endpoint as { port: number };
    const { found } = await examine(["-P", String(port)]);
    expect(found("server")).toMatchObject({ status: "failed", code: "adb-failed" });
    expect(found("server")?.detail).toMatch(
      /unexpected answer from the adb server at .*: the version "soon"/,
    );
  } finally {
    await server.stop();
  }
});

it("does not take a server that refuses everything for a bug", async () => {
  const server = await FakeAdbServer.start((_, client) => client.fail("not today"));
  try {
    const { port } = server.endpoint as { port: number };
    const { found } = await examine(["-P", String(port)]);
    expect(found("server")).toMatchObject({ status: "failed", code: "adb-failed" });
  } finally {
    await server.stop();
  }
});

it("misses adb itself", async () => {
  const { found } = await examine([], { env: { PATH: "/nowhere" } });
  expect(found("adb")).toMatchObject({ status: "warning", hint: expect.stringContaining("platform-tools") });
});

it("misses a device", async () => {
  const { status, next, found } = await examine([]);
  expect(status).toBe(3);
  expect(found("server")).toMatchObject({ status: "ok" });
  expect(found("device")).toMatchObject({ status: "failed", code: "no-device" });
  expect(next).toContain("Plug one in");
});

it.each([
  { state: "unauthorized", code: "device-unauthorized", next: /accept the prompt/ },
  { state: "offline", code: "device-offline", next: /adb reconnect/ },
] as const)("tells of a device that is $state", async ({ state, code, next }) => {
  const device = await unusableDevice(state);
  const server = await startAdbServer();
  let connecting: Promise<unknown> | undefined;
  try {
    // adb waits for the device to become usable; it is listed before that.
    connecting = server.adb("connect", device.serial);
    while (!(await server.adb("devices")).stdout.includes(`${device.serial}\t${state}`)) await sleep(50);
    const examined = await examine(["-P", String(server.port)]);
    expect(examined.status).toBe(3);
    expect(examined.found("device")).toMatchObject({ status: "failed", code });
    expect(examined.next).toMatch(next);
  } finally {
    await server.stop();
    device.close();
    await connecting;
  }
});

describe("with a device", () => {
  it("finds all that a pull needs, and changes nothing", emulated, async () => {
    const device = await host.boot({ flavour: "module" });
    const before = { files: await storage(host, device), events: await kernelEvents(host, device) };
    const { status, checks, next, found } = await examine(["-s", device.serial]);
    expect(checks.map((check) => [check.name, check.status])).toEqual(names.map((name) => [name, "ok"]));
    expect(found("kernel config")).toMatchObject({ detail: "CONFIG_IKHEADERS=m" });
    expect(found("module")).toMatchObject({ detail: "/system/lib/modules/kheaders.ko" });
    expect({ status, next }).toEqual({ status: 0, next: "kheaders pull" });
    expect({ files: await storage(host, device), events: await kernelEvents(host, device) }).toEqual(before);
  });

  it("prints a line a check for people, and what to do next", async () => {
    const device = await host.simulate({ archive: smallArchive("6.6.1-test"), release: "6.6.1-test" });
    const { status, stdout } = await host.kheaders(["-s", device.serial, "doctor"]);
    expect(status).toBe(0);
    const lines = stdout.trimEnd().split("\n");
    expect(lines).toHaveLength(names.length + 1);
    names.forEach((name, index) => {
      expect(lines[index]).toMatch(new RegExp(`^ok    ${name}  +\\S`));
    });
    expect(lines.at(-1)).toBe("Next: kheaders pull");
  });

  it("misses root where the module wants it", emulated, async () => {
    const device = await host.boot({ flavour: "module", user: "shell" });
    const { status, next, found } = await examine(["-s", device.serial]);
    expect(status).toBe(5);
    expect(found("root")).toMatchObject({ status: "warning" });
    expect(found("archive")).toMatchObject({ status: "failed", code: "needs-root" });
    expect(next).toMatch(/^Root the device/);
  });

  it("misses the headers of a kernel without", async () => {
    const device = await host.simulate({ config: "CONFIG_IKCONFIG=y\n# CONFIG_IKHEADERS is not set\n" });
    const { status, next, found } = await examine(["-s", device.serial]);
    expect(status).toBe(4);
    expect(found("kernel config")).toMatchObject({
      status: "warning",
      detail: "CONFIG_IKHEADERS is not set",
    });
    expect(found("archive")).toMatchObject({ status: "failed", code: "no-headers" });
    expect(next).toContain("CONFIG_IKHEADERS");
  });
});

describe("a kheaders.ko of another kernel", () => {
  const path = "5.10.1-old/kernel/kernel/kheaders.ko";
  const content = moduleBytes({ modinfo: ["name=kheaders", "vermagic=5.10.1-old SMP preempt mod_unload"] });
  const folders = ["5.10.1-old", "5.10.1-old/kernel", "5.10.1-old/kernel/kernel"];
  const modules: readonly DeviceEntry[] = [
    ...folders.map((folder): DeviceEntry => ({ type: "folder", path: folder, mode: 0o755 })),
    { type: "file", path, mode: 0o644, content },
  ];

  it.each([
    { config: "CONFIG_IKHEADERS=m\nCONFIG_MODVERSIONS=y\n", code: "archive-mismatch", ends: 7 },
    { config: "CONFIG_IKHEADERS=m\n", code: "module-refused", ends: 4 },
  ])("is found before it is loaded: $code", async ({ config, code, ends }) => {
    const device = await host.simulate({
      config,
      release: "6.6.1-test",
      modules,
    });
    const { status, found } = await examine(["-s", device.serial]);
    expect(status).toBe(ends);
    expect(found("module")).toMatchObject({
      status: "failed",
      code,
      detail: `/system/lib/modules/${path} was built for 5.10.1-old, the kernel is 6.6.1-test`,
    });
    const { stdout } = await host.kheaders(["devices", "--json"]);
    const rows = stdout
      .trimEnd()
      .split("\n")
      .map((line): { serial: string; headers: string } => JSON.parse(line));
    expect(rows.find(({ serial }) => serial === device.serial)).toMatchObject({ headers: "module" });
    expect(await device.counts()).toEqual({ loads: 0, unloads: 0 });
  });
});

it("takes an unreadable /proc/config.gz for unknown, and says so", async () => {
  const device = await host.simulate({
    archive: smallArchive("6.6.3-test"),
    release: "6.6.3-test",
    config: "",
  });
  const { status, found } = await examine(["-s", device.serial]);
  expect(status).toBe(0);
  expect(found("kernel config")).toMatchObject({
    status: "warning",
    detail: expect.stringContaining("/proc/config.gz holds no configuration"),
  });
});

describe("a cache that cannot be written", () => {
  it.each([
    {
      what: "below a broken link",
      place: (folder: string) => symlinkSync("/nowhere/at/all", join(folder, "place")),
      detail: "is a broken link",
    },
    {
      what: "below a file",
      place: (folder: string) => writeFileSync(join(folder, "place"), ""),
      detail: "is not a folder",
    },
    {
      what: "in a folder that others own",
      place: (folder: string) => mkdirSync(join(folder, "place"), { mode: 0o555 }),
      detail: "cannot write the cache at",
    },
  ])("fails: $what, as a pull would", async ({ what, place, detail }) => {
    const folder = host.folder(what.replaceAll(" ", "-"));
    place(folder);
    const device = await host.simulate({ archive: smallArchive("6.6.4-test"), release: "6.6.4-test" });
    const args = ["-s", device.serial, "--cache-dir", join(folder, "place", "cache")];
    const { status, found } = await examine(args);
    expect(status).toBe(8);
    expect(found("disk")).toMatchObject({
      status: "failed",
      code: "cache-failed",
      detail: expect.stringContaining(detail),
    });
    expect((await host.kheaders([...args, "pull"])).status).toBe(8);
  });
});

it("says when a cached kernel has lost its tree", async () => {
  const device = await host.simulate({ archive: smallArchive("6.6.2-test"), release: "6.6.2-test" });
  const cache = host.folder("cache-with-a-loss");
  const { stdout } = await host.kheaders(["-s", device.serial, "pull", "--cache-dir", cache]);
  const tree = stdout.trimEnd();
  rmSync(tree, { recursive: true });
  const { found } = await examine(["-s", device.serial, "--cache-dir", cache]);
  expect(found("cache")).toMatchObject({
    status: "warning",
    detail: "1 kernel, 1 without a tree",
    hint: "Repair it with: kheaders cache verify",
  });
  expect(existsSync(join(tree, "include"))).toBe(false);
});
