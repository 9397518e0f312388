import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { labModules, type VirtualDevice } from "../lab/index.js";
import { isLoaded, kernelEvents, storage } from "../support/device-state.js";
import { emulated } from "../support/emulated.js";
import type { Outcome } from "../support/kheaders.js";
import { listTree, sha256 } from "../support/tree-listing.js";
import { Workstation } from "../support/workstation.js";

const treeLine = /^\/.+\/trees\/[0-9a-f]{64}\n$/;

let host: Workstation;
let device: VirtualDevice;

beforeAll(async () => {
  host = await Workstation.open();
  device = await host.boot({ flavour: "module" });
});

afterAll(() => host.close());

describe("the first pull of a kernel whose headers are in a module", emulated, () => {
  let digestOnDevice: string;
  let wasLoadedBefore: boolean;
  let isLoadedAfter: boolean;
  let eventsBefore: number;
  let eventsAfter: number;
  let storageBefore: string[];
  let storageAfter: string[];
  let outcome: Outcome;

  beforeAll(async () => {
    const archive = "/sys/kernel/kheaders.tar.xz";
    const byHand = `insmod /system/lib/modules/kheaders.ko && sha256sum ${archive} && rmmod kheaders`;
    digestOnDevice = (await host.shell(device, byHand)).slice(0, 64);
    wasLoadedBefore = await isLoaded(host, device);
    storageBefore = await storage(host, device);
    eventsBefore = await kernelEvents(host, device);
    outcome = await host.kheaders(["pull"]);
    eventsAfter = await kernelEvents(host, device);
    storageAfter = await storage(host, device);
    isLoadedAfter = await isLoaded(host, device);
  });

  const tree = () => outcome.stdout.trimEnd();
  const archive = () => join(host.cache, "archives", `${basename(tree())}.tar.xz`);

  it("ends with status 0 and prints one line, the path of a tree in the cache", () => {
    expect(outcome).toMatchObject({ status: 0, stdout: expect.stringMatching(treeLine) });
    expect(tree()).toBe(join(host.cache, "trees", basename(tree())));
    expect(outcome.stderr).toContain("Transferring");
  });

  it("gives the tree that `tar -xJf` makes of the archive", () => {
    const byTar = host.folder("by-tar");
    execFileSync("tar", ["-xJf", archive(), "-C", byTar]);
    const expected = listTree(byTar);
    expect(Object.keys(expected).length).toBeGreaterThan(5000);
    expect(listTree(tree())).toEqual(expected);
  });

  it("gives the archive whose SHA-256 the device computes", () => {
    expect(sha256(readFileSync(archive()))).toBe(digestOnDevice);
  });

  it("gives the bytes that were built into the module", async () => {
    const builtIn = readFileSync((await labModules()).archive);
    expect(readFileSync(archive()).equals(builtIn)).toBe(true);
  });

  it("has the module loaded once and unloaded again", () => {
    expect(wasLoadedBefore).toBe(false);
    expect(eventsAfter - eventsBefore).toBe(2);
    expect(isLoadedAfter).toBe(false);
  });

  it("changes nothing in the device's storage", () => {
    expect(storageBefore.length).toBeGreaterThan(200);
    expect(storageAfter).toEqual(storageBefore);
  });

  it("needs neither xz nor tar on the device", async () => {
    expect(outcome.status).toBe(0);
    const search = "for tool in xz tar; do command -v $tool; done; echo searched";
    expect(await host.shell(device, search)).toBe("searched\n");
  });

  it("makes the tree read-only", () => {
    const modes = ["", "include", "include/generated/autoconf.h"].map(
      (path) => statSync(join(tree(), path)).mode & 0o777,
    );
    expect(modes).toEqual([0o555, 0o555, 0o444]);
  });

  it("leaves nothing unfinished in the cache", () => {
    const digest = basename(tree());
    expect(host.cacheContents()).toEqual([
      `archives/${digest}.tar.xz`,
      expect.stringMatching(/^boots\/[0-9a-f]{64}\.json$/),
      expect.stringMatching(/^entries\/[0-9a-f-]+\.json$/),
      expect.stringMatching(/^serials\/[0-9a-f]{64}\.json$/),
      `trees/${digest}`,
      `trees/${digest}.json`,
      `trees/${digest}.manifest`,
    ]);
  });
});

it("is the same tree where the workstation has no xz", emulated, async () => {
  const { stdout: byXz } = await host.kheaders(["pull"]);
  const env = { PATH: host.folder("no-programs"), KHEADERS_CACHE_DIR: join(host.folder("home-2"), "cache") };
  const { stdout: byItself } = await host.kheaders(["pull"], { env });
  expect(basename(byItself)).toBe(basename(byXz));
  expect(listTree(byItself.trimEnd())).toEqual(listTree(byXz.trimEnd()));
});

describe("what a pull prints on standard output", emulated, () => {
  it.each([
    ["piped", {}],
    ["on a terminal", { terminal: { of: "stdout" } }],
  ] as const)("is one JSON object with --json, %s", async (_, options) => {
    const { stdout } = await host.kheaders(["pull", "--refresh", "--json"], options);
    expect(stdout).toMatch(/^\{.*\}\n$/);
    const milliseconds = expect.any(Number);
    expect(JSON.parse(stdout)).toEqual({
      serial: device.serial,
      fingerprint: "lab/virtual/virtual:14/LAB.1/module:userdebug/test-keys",
      release: (await host.shell(device, "uname -r")).trim(),
      version: (await host.shell(device, "uname -v")).trim(),
      machine: "x86_64",
      buildId: expect.stringMatching(/^[0-9a-f]{40}$/),
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      bytes: statSync((await labModules()).archive).size,
      archive: expect.stringMatching(/^\/.+\/archives\/[0-9a-f]{64}\.tar\.xz$/),
      tree: expect.stringMatching(/^\/.+\/trees\/[0-9a-f]{64}$/),
      cache: "miss",
      proof: null,
      previous: null,
      source: "module",
      unloaded: true,
      ms: {
        connect: milliseconds,
        identify: milliseconds,
        load: milliseconds,
        transfer: milliseconds,
        unpack: milliseconds,
        total: milliseconds,
      },
    });
  });
});
