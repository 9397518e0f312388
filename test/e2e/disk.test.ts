import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SimulatedDevice } from "../lab/index.js";
import { commandUser, type Outcome, programPath, runsAsRoot } from "../support/kheaders.js";
import { skipBecause } from "../support/skip.js";
import { smallArchive } from "../support/small-archive.js";
import { Workstation } from "../support/workstation.js";

const release = "6.1.57-android14-11";
const unloaded = { loads: 0, unloads: 0 };

let host: Workstation;
beforeAll(async () => {
  host = await Workstation.open();
});
afterAll(() => host.close());

async function attachOnly(archive: Uint8Array): Promise<SimulatedDevice> {
  await host.adb.adb("disconnect");
  return host.simulate({ release, archive });
}

describe("where something cannot be written", () => {
  const what = "folders that cannot be written";
  if (runsAsRoot)
    return skipBecause("only root can run the command here, and root may write everywhere", what);

  let device: SimulatedDevice;
  let closed: string;
  beforeAll(async () => {
    device = await attachOnly(smallArchive(release));
    closed = host.folder("closed");
    chmodSync(closed, 0o555);
  });

  it("a pull into a cache there ends with status 8 before anything is loaded", async () => {
    const cache = join(closed, "cache");
    const outcome = await host.kheaders(["pull", "--cache-dir", cache]);
    expect(outcome).toMatchObject({ status: 8, stdout: "" });
    expect(outcome.stderr).toContain(cache);
    expect(outcome.stderr).toContain("--cache-dir");
    expect(await device.counts()).toEqual(unloaded);
    expect(readdirSync(closed)).toEqual([]);
  });

  it.each([["-o"], ["--archive"], ["--link"]])("a pull with %s there ends with status 8", async (option) => {
    const target = join(closed, "target");
    const outcome = await host.kheaders(["pull", option, target]);
    expect(outcome).toMatchObject({ status: 8, stdout: "" });
    expect(outcome.stderr).toContain(target);
    expect(readdirSync(closed)).toEqual([]);
  });

  it("a cache that became read-only still serves", async () => {
    const cache = join(host.folder("read-only"), "cache");
    const first = await host.kheaders(["pull", "--cache-dir", cache]);
    expect(first.status).toBe(0);
    const folders = ["", ...readdirSync(cache)].map((name) => join(cache, name));
    for (const folder of folders) chmodSync(folder, 0o555);
    const again = await host.kheaders(["pull", "--cache-dir", cache]);
    expect(again).toMatchObject({ status: 0, stdout: first.stdout, stderr: "" });
  });
});

describe("on a full disk", () => {
  const what = "a cache folder on a full disk";
  const inNamespace = [programPath("unshare"), "--user", "--map-root-user", "--mount"];
  const [unshare = "", ...options] = inNamespace;
  const tried = spawnSync(unshare, [...options, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], commandUser);
  if (tried.status !== 0)
    return skipBecause(`no small tmpfs can be mounted: ${String(tried.stderr).trim()}`, what);

  /** Mounts a disk of 2 MiB in a namespace, runs the command there, and then writes down what is on the disk. */
  const script = `
    mount -t tmpfs -o size=2m,mode=0755 small "$DISK" || exit 99
    "$@"
    status=$?
    find "$DISK" -mindepth 1 >"$LEFT"
    exit $status`;
  const onSmallDisk = [...inNamespace, "/bin/sh", "-c", script, "sh"];

  const hard = (bytes: number) => randomBytes((bytes * 3) / 4).toString("base64");
  const easy = (bytes: number) => "easy to compress ".repeat(bytes / 17);
  const cases = [
    ["the archive", smallArchive(release, { content: hard(6_000_000) })],
    ["the tree", smallArchive(release, { content: easy(4_000_000) })],
  ] as const;

  async function kheaders(disk: string, args: readonly string[]): Promise<Outcome & { left: string[] }> {
    const list = `${disk}-left`;
    writeFileSync(list, "");
    chmodSync(list, 0o666);
    const outcome = await host.kheaders(args, { before: onSmallDisk, env: { DISK: disk, LEFT: list } });
    const left = readFileSync(list, "utf8")
      .split("\n")
      .filter((path) => path !== "");
    return { ...outcome, left: left.map((path) => path.slice(disk.length + 1)).sort() };
  }

  it.each(cases)(
    "a pull that has no room for %s ends with status 8 and leaves nothing",
    async (name, archive) => {
      const device = await attachOnly(archive);
      const disk = host.folder(`small-disk-for-${name}`);
      const outcome = await kheaders(disk, ["pull", "--cache-dir", disk]);
      expect(outcome).toMatchObject({ status: 8, stdout: "" });
      expect(outcome.stderr).toMatch(/no space left for .*\n {2}Free some space/);
      expect(outcome.left.filter((path) => path.includes("/"))).toEqual([]);
      expect(outcome.left).toContain("trees");
      expect(await device.counts()).toEqual({ loads: 1, unloads: 1 });
      expect(await device.hasArchive()).toBe(false);
    },
  );

  it("a pull whose copy has no room ends with status 8 and leaves nothing of it", async () => {
    await attachOnly(smallArchive(release, { content: easy(4_000_000) }));
    const disk = host.folder("small-disk-for-a-copy");
    const cache = host.folder("cache-on-a-large-disk");
    const outcome = await kheaders(disk, ["pull", "--cache-dir", cache, "-o", join(disk, "copy")]);
    expect(outcome).toMatchObject({ status: 8, stdout: "", left: [] });
    expect(outcome.stderr).toMatch(/no space left/);
  });
});
