import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { Cache } from "../../../host/cache/index.js";
import type { Orders } from "../../support/cache-child.js";
import { buildChild, type ChildProgram, writeArchive } from "../../support/cache-children.js";
import {
  archiveOf,
  leftoversIn,
  listTree,
  temporaryCache,
  temporaryFolder,
  treeOf,
} from "../../support/cache-fixture.js";
import { buildIdNamed, kernel, pullInto } from "../../support/cache-kernels.js";
import { becomeOrdinaryUser } from "../../support/cache-user.js";
import { watchWrites } from "../../support/cache-writes.js";
import { skipBecause } from "../../support/skip.js";

becomeOrdinaryUser();

const serial = "R5CT30ABCDE";

/** Lets the disk be full from the given write on that needs space; gives what a pull then throws, or undefined. */
async function pullOnDiskFullFrom(cache: Cache, write: number, errno: string): Promise<unknown> {
  let writes = 0;
  const stop = watchWrites(({ name, needsSpace }) => {
    if (!needsSpace) return;
    writes += 1;
    if (writes >= write) throw Object.assign(new Error(`${errno}: no space, ${name}`), { code: errno });
  });
  onTestFinished(stop);
  try {
    const archive = archiveOf({ "include/generated/build.h": "new" });
    const identity = kernel({ buildId: buildIdNamed("new") });
    await pullInto(cache, { identity, serial, archive: () => archive });
    return undefined;
  } catch (error) {
    return error;
  } finally {
    stop();
  }
}

test("at whatever write the disk is full, the error says so, nothing half-made stays, and what was cached serves", async () => {
  const cache = temporaryCache();
  const old = { identity: kernel(), serial: "old", archive: () => archiveOf() };
  await pullInto(cache, old);
  const never = () => {
    throw new Error("the archive was asked for, though the kernel is cached");
  };
  let write = 1;
  for (; ; write += 1) {
    const error = await pullOnDiskFullFrom(cache, write, "ENOSPC");
    if (error === undefined) break;
    expect(error).toMatchObject({ code: "disk-full", message: expect.stringContaining("no space left") });
    expect(leftoversIn(cache.dir)).toEqual([]);
    for (const { entry } of (await cache.list()).kernels) expect(await cache.open(entry)).toBeDefined();
    expect(listTree((await pullInto(cache, { ...old, archive: never })).tree)).toEqual(treeOf());
  }
  expect(write).toBeGreaterThan(30);
  expect((await cache.verify({ repair: false })).problems).toEqual([]);
  expect((await cache.list()).kernels).toHaveLength(2);
});

test("a used up quota is a full disk", async () => {
  const error = await pullOnDiskFullFrom(temporaryCache(), 20, "EDQUOT");
  expect(error).toMatchObject({ code: "disk-full" });
});

describe("a small memory file system", () => {
  /** Runs a shell script as root of a user namespace with mounts of its own. */
  const inNamespace = (script: string, ...args: string[]) =>
    spawnSync("unshare", ["-Urm", "sh", "-euc", script, "sh", ...args], { encoding: "utf8" });
  const name = "a pull into it ends with disk-full and leaves nothing half-made";
  const folder = path.join("/tmp");
  const probe = inNamespace('mount -t tmpfs none "$1"', folder);
  if (probe.error !== undefined || probe.status !== 0) {
    skipBecause(`no user namespace with mounts: ${probe.error?.message ?? probe.stderr.trim()}`, name);
    return;
  }

  let program: ChildProgram;
  beforeAll(async () => {
    program = await buildChild();
    return program.remove;
  });

  test(name, () => {
    const dir = temporaryFolder();
    const archive = path.join(temporaryFolder(), "archive");
    writeArchive(archive, archiveOf({ "include/large.h": "x".repeat(300_000) }));
    const orders: Orders = {
      action: "pull",
      dir: path.join(dir, "cache"),
      identity: kernel(),
      serial,
      archive,
    };
    const script = `
      mount -t tmpfs -o size=256k none "$1"
      "$2" "$3" "$4" || echo "status $?"
      find "$1/cache" -mindepth 2 | sed 's/^/STAYED: /'`;
    const run = inNamespace(script, dir, process.execPath, program.file, JSON.stringify(orders));
    expect(run.stderr).toBe("");
    expect(run.stdout).toContain('"error":"disk-full"');
    expect(run.stdout).toContain("status 1");
    expect(run.stdout).not.toContain("STAYED");
    expect(existsSync(path.join(dir, "cache"))).toBe(false);
  });
});
