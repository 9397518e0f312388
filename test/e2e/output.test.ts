import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { SimulatedDevice } from "../lab/index.js";
import { smallArchive } from "../support/small-archive.js";
import { listTree, sha256 } from "../support/tree-listing.js";
import { Workstation } from "../support/workstation.js";

const release = "6.1.57-android14-11";

let host: Workstation;
let device: SimulatedDevice;
let folder: string;
let count = 0;

beforeAll(async () => {
  host = await Workstation.open();
  device = await host.simulate({ release, archive: smallArchive(release) });
});
afterAll(() => host.close());
beforeEach(() => {
  count += 1;
  folder = host.folder(`output-${count}`);
});

/** Runs a pull in `folder`, and gives the path that it prints. */
async function pull(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await host.kheaders(["pull", ...args], { cwd: folder });
  expect(status, stderr).toBe(0);
  expect(stdout).toMatch(/^\/.+\/trees\/[0-9a-f]{64}\n$/);
  return stdout.trimEnd();
}

describe("pull -o DIR", () => {
  it("leaves a writable copy of the tree, too", async () => {
    const tree = await pull("-o", "headers");
    const copy = join(folder, "headers");
    expect(listTree(copy)).toEqual(listTree(tree));
    expect(statSync(copy).mode & 0o200).toBe(0o200);
    expect(statSync(join(copy, "include/linux/kernel.h")).mode & 0o200).toBe(0o200);
    expect(readdirSync(folder)).toEqual(["headers"]);
  });

  it("leaves nothing in common with the cache: a change in the copy stays there", async () => {
    const tree = await pull("-o", "headers");
    writeFileSync(join(folder, "headers/include/linux/kernel.h"), "changed");
    expect(readFileSync(join(tree, "include/linux/kernel.h"), "utf8")).toBe("");
  });

  it("fills an empty folder", async () => {
    const tree = await pull("-o", folder);
    expect(listTree(folder)).toEqual(listTree(tree));
  });

  it.each([
    [
      "a folder that is not empty",
      () => {
        mkdirSync(join(folder, "taken"));
        writeFileSync(join(folder, "taken/mine"), "mine");
      },
    ],
    ["a file", () => writeFileSync(join(folder, "taken"), "mine")],
  ])("refuses %s with status 8, changes nothing there, and asks no device", async (_, make) => {
    make();
    const before = listTree(folder);
    const loads = await device.counts();
    const outcome = await host.kheaders(["pull", "--refresh", "-o", "taken"], { cwd: folder });
    expect(outcome).toMatchObject({ status: 8, stdout: "" });
    expect(outcome.stderr).toContain("taken");
    expect(listTree(folder)).toEqual(before);
    expect(await device.counts()).toEqual(loads);
  });
});

describe("pull --archive FILE", () => {
  it("keeps the compressed archive, named by nothing but FILE", async () => {
    const tree = await pull("--archive", "kheaders.tar.xz");
    expect(sha256(readFileSync(join(folder, "kheaders.tar.xz")))).toBe(basename(tree));
    expect(readdirSync(folder)).toEqual(["kheaders.tar.xz"]);
  });
});

describe("pull --link PATH", () => {
  it("makes a symbolic link to the tree, and turns it to another tree later", async () => {
    const first = await pull("--link", ".kheaders");
    expect(readlinkSync(join(folder, ".kheaders"))).toBe(first);
    const version = "#2 SMP PREEMPT Tue May  7 12:00:00 UTC 2024";
    await device.reboot({ version, archive: smallArchive(release, { content: "another build" }) });
    const second = await pull("--link", ".kheaders");
    expect(second).not.toBe(first);
    expect(readlinkSync(join(folder, ".kheaders"))).toBe(second);
    expect(readdirSync(folder)).toEqual([".kheaders"]);
  });

  it("never takes the place of what is no symbolic link", async () => {
    writeFileSync(join(folder, "mine"), "mine");
    const outcome = await host.kheaders(["pull", "--link", "mine"], { cwd: folder });
    expect(outcome).toMatchObject({ status: 8, stdout: "" });
    expect(lstatSync(join(folder, "mine")).isFile()).toBe(true);
    expect(readFileSync(join(folder, "mine"), "utf8")).toBe("mine");
  });
});

describe("what can be checked before the device is", () => {
  it.each([
    [["pull", "-o", "missing/headers"], 8],
    [["pull", "--archive", "missing/kheaders.tar.xz"], 8],
    [["pull", "--link", "missing/link"], 8],
    [["symvers", "-o", "missing/Module.symvers"], 8],
    [["bpf", "prog.c", "-o", "missing/prog.o"], 8],
    [["bpf", "missing.c", "-o", "prog.o"], 2],
    [["pch", "--bpf", "-o", "missing/headers.pch"], 8],
    [["module", "missing"], 2],
  ])("%j ends with status %d", async (args, status) => {
    writeFileSync(join(folder, "prog.c"), "");
    // With this device, anything that asks it ends with status 3.
    const outcome = await host.kheaders(["-s", "not-connected", ...args], { cwd: folder });
    expect(outcome).toMatchObject({ status, stdout: "" });
    expect(outcome.stderr).toContain("missing");
    expect(readdirSync(folder)).toEqual(["prog.c"]);
  });
});

describe("a current folder that was removed", () => {
  const before = ["sh", "-c", 'mkdir gone && cd gone && rmdir ../gone && exec "$@"', "sh"];

  it.each([
    [["pull", "-o", "headers"]],
    [["pull", "--archive", "kheaders.tar.xz"]],
    [["pull", "--link", "headers"]],
    [["pull", "--cache-dir", "cache"]],
    [["bpf", "../prog.c", "-o", "prog.o"]],
    [["symvers", "-o", "Module.symvers"]],
    [["pch", "--bpf", "-o", "headers.pch"]],
    [["info", "."]],
    [["module", "."]],
    [["cache", "dir", "--cache-dir", "cache"]],
  ])("is a clear error of %j", async (args) => {
    const { status, stdout, stderr } = await host.kheaders(args, { cwd: folder, before });
    expect(stderr).not.toContain("bug in kheaders");
    expect({ status, stdout }).toEqual({ status: expect.toBeOneOf([2, 3, 8]), stdout: "" });
    expect(stderr).toMatch(/^kheaders: /);
  });

  it("does not matter to a pull that needs no path in it", async () => {
    const { status, stderr } = await host.kheaders(["pull"], { cwd: folder, before });
    expect(status, stderr).toBe(0);
  });
});
