import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { type Cache, openCache } from "../../../host/cache/index.js";
import type { Digest } from "../../../shared/identity.js";
import { buildChild, type ChildProgram, isStep, startChild } from "../../support/cache-children.js";
import { archiveOf, leftoversIn, listTree, temporaryCache, treeOf } from "../../support/cache-fixture.js";
import { buildIdNamed, kernel, pullInto, required } from "../../support/cache-kernels.js";
import { becomeOrdinaryUser } from "../../support/cache-user.js";

becomeOrdinaryUser();

let program: ChildProgram;

beforeAll(async () => {
  program = await buildChild();
  return program.remove;
});

const hour = 3_600_000;
const day = 24 * hour;

/** Pulls a kernel of that name, whose tree has 100 kB of its own. */
async function pullNamed(cache: Cache, name: string, options: { ageInDays?: number } = {}) {
  const identity = kernel({ buildId: buildIdNamed(name), bootId: name });
  const contents = contentsOf(name);
  const opened = await pullInto(cache, { identity, serial: name, archive: () => archiveOf(contents) });
  const used = new Date(Date.now() - (options.ageInDays ?? 0) * day);
  utimesSync(opened.archive, used, used);
  return { ...opened, name, expected: treeOf(contents) };
}

function contentsOf(name: string) {
  return { "include/generated/build.h": name.repeat(Math.ceil(100_000 / name.length)) };
}

function makeWritableAnd(change: (file: string) => void, file: string): void {
  chmodSync(path.dirname(file), 0o755);
  if (existsSync(file)) chmodSync(file, 0o644);
  change(file);
  chmodSync(path.dirname(file), 0o555);
}

describe("list and info", () => {
  test("tell what is there, when it was used, and on which devices", async () => {
    const now = new Date("2026-03-04T05:06:07Z");
    const cache = temporaryCache({ now: () => now });
    const one = await pullNamed(cache, "one");
    cache.remember("another serial", kernel({ bootId: "another" }), required(one.entry));
    const { kernels, apart } = await cache.list();
    expect(apart).toEqual([]);
    expect(kernels).toMatchObject([
      {
        entry: { kernel: { release: kernel().release }, digest: one.digest },
        stats: { files: 5, links: 1, folders: 8 },
        lastUse: now,
        serials: ["another serial", "one"],
      },
    ]);
    const info = await cache.info();
    expect(info).toMatchObject({ dir: cache.dir, format: 1, kernels: 1, trees: 1, inUse: 0 });
    expect(info.archiveBytes).toBe(one.bytes);
    expect(info.bytes).toBeGreaterThan(100_000);
  });

  test("of a cache that does not exist are empty and make nothing", async () => {
    const cache = temporaryCache();
    expect(await cache.list()).toEqual({ kernels: [], apart: [], btf: [] });
    expect(await cache.info()).toMatchObject({ kernels: 0, trees: 0, bytes: 0, inodes: 0 });
    expect(await cache.verify({ repair: true })).toEqual({ checked: 0, problems: [], leftovers: [] });
    expect(await cache.prune({ maxBytes: 0, grace: 0 })).toMatchObject({ removed: [], freedBytes: 0 });
    expect(await cache.remove("all")).toEqual({ removed: [], inUse: [], freedBytes: 0 });
    expect(existsSync(cache.dir)).toBe(false);
  });

  test("find digests by their beginning, a release or a fingerprint", async () => {
    const cache = temporaryCache();
    const { digest } = await pullNamed(cache, "one");
    for (const text of [digest, digest.slice(0, 8), kernel().release, kernel().fingerprint]) {
      expect(await cache.digestsMatching(text)).toEqual([digest]);
    }
    for (const text of ["", digest.slice(0, 7), "6.1", `${digest}0`, "../.."]) {
      expect(await cache.digestsMatching(text)).toEqual([]);
    }
  });
});

test("a beginning that several digests share is refused, not taken for all of them", async () => {
  const cache = temporaryCache();
  await pullNamed(cache, "one");
  for (const last of ["0", "1"]) {
    writeFileSync(path.join(cache.dir, "archives", `${"ab".repeat(31)}a${last}.tar.xz`), "");
  }
  await expect(cache.digestsMatching("abababab")).rejects.toMatchObject({
    code: "several-kernels",
    message: "several digests in the cache begin with abababab",
  });
});

describe("verify", () => {
  test("finds nothing wrong with a good cache, and changes nothing in it", async () => {
    const cache = temporaryCache();
    await pullNamed(cache, "one");
    await pullNamed(cache, "two");
    expect(await cache.verify({ repair: false })).toEqual({ checked: 2, problems: [], leftovers: [] });
    expect(await cache.verify({ repair: true })).toEqual({ checked: 2, problems: [], leftovers: [] });
  });

  test("names a changed file and repairs the tree, only when told to", async () => {
    const cache = temporaryCache();
    const one = await pullNamed(cache, "one");
    makeWritableAnd((file) => writeFileSync(file, "changed"), path.join(one.tree, "include/linux/list.h"));
    const expected = {
      what: "tree",
      path: one.tree,
      detail: "include/linux/list.h has a different mode",
    };
    expect((await cache.verify({ repair: false })).problems).toMatchObject([
      { ...expected, outcome: "found" },
    ]);
    expect((await cache.verify({ repair: true })).problems).toMatchObject([
      { ...expected, outcome: "repaired" },
    ]);
    expect(listTree(one.tree)).toEqual(one.expected);
    expect((await cache.verify({ repair: false })).problems).toEqual([]);
  });

  test.each([
    [
      "does not match the digest",
      (file: string) => {
        chmodSync(file, 0o644);
        truncateSync(file, 1000);
      },
    ],
    ["is missing", (file: string) => rmSync(file)],
  ])("takes away a kernel whose archive %s, for it cannot be mended", async (detail, lose) => {
    const cache = temporaryCache();
    const one = await pullNamed(cache, "one");
    const two = await pullNamed(cache, "two");
    lose(one.archive);
    const expected = { what: "archive", path: one.archive, detail: expect.stringContaining(detail) };
    expect((await cache.verify({ repair: false })).problems).toMatchObject([
      { ...expected, outcome: "found" },
    ]);
    expect((await cache.verify({ repair: true })).problems).toMatchObject([
      { ...expected, outcome: "removed" },
    ]);
    expect(existsSync(one.tree)).toBe(false);
    expect((await cache.list()).kernels.map(({ entry }) => entry.digest)).toEqual([two.digest]);
    expect((await cache.verify({ repair: false })).problems).toEqual([]);
    expect(listTree((await pullNamed(cache, "one")).tree)).toEqual(one.expected);
  });

  test("leaves a damaged archive alone while somebody uses its tree", async () => {
    const cache = temporaryCache();
    const one = await pullNamed(cache, "one");
    rmSync(one.archive);
    const lease = await cache.acquireLease(one.digest);
    expect((await cache.verify({ repair: true })).problems).toMatchObject([{ outcome: "found" }]);
    expect(listTree(one.tree)).toEqual(one.expected);
    lease.release();
  });

  test("takes away an entry that cannot be read", async () => {
    const cache = temporaryCache();
    await pullNamed(cache, "one");
    const [name] = readdirSync(path.join(cache.dir, "entries"));
    const file = path.join(cache.dir, "entries", `${name}`);
    writeFileSync(file, '{"format":1,"finger');
    expect((await cache.verify({ repair: false })).problems).toMatchObject([
      { what: "entry", path: file, outcome: "found" },
    ]);
    expect((await cache.verify({ repair: true })).problems).toMatchObject([
      { what: "entry", outcome: "removed" },
    ]);
    expect(existsSync(file)).toBe(false);
    expect((await pullNamed(cache, "one")).hit).toBe(false);
    expect((await cache.verify({ repair: false })).problems).toEqual([]);
  });

  test("tells how far it is, and ends when it is aborted", async () => {
    const cache = temporaryCache();
    await pullNamed(cache, "one");
    await pullNamed(cache, "two");
    const progress: string[] = [];
    await cache.verify({ repair: false, onProgress: (done, total) => progress.push(`${done}/${total}`) });
    expect(progress).toEqual(["1/2", "2/2"]);
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(cache.verify({ repair: true, signal })).rejects.toThrow("enough");
  });
});

describe("prune", () => {
  test("removes what is older than allowed, and says what that freed", async () => {
    const cache = temporaryCache();
    const old = await pullNamed(cache, "old", { ageInDays: 40 });
    const recent = await pullNamed(cache, "recent", { ageInDays: 20 });
    const before = (await cache.info()).bytes;
    const report = await cache.prune({ olderThan: 30 * day });
    expect(report.removed).toMatchObject([
      { digest: old.digest, kernels: [{ kernel: { release: kernel().release } }] },
    ]);
    expect(report.kept).toEqual([]);
    const after = (await cache.info()).bytes;
    expect(report).toMatchObject({ freedBytes: before - after, bytes: after });
    expect(report.freedBytes).toBeGreaterThan(100_000);
    expect(existsSync(old.tree)).toBe(false);
    expect(existsSync(old.archive)).toBe(false);
    expect(cache.findBoot("old", "old")).toBeUndefined();
    expect(listTree(recent.tree)).toEqual(recent.expected);
    expect(leftoversIn(cache.dir)).toEqual([]);
    expect((await cache.verify({ repair: false })).problems).toEqual([]);
  });

  test("only tells what it would do if asked to change nothing", async () => {
    const cache = temporaryCache();
    const old = await pullNamed(cache, "old", { ageInDays: 40 });
    const before = listTree(cache.dir);
    const planned = await cache.prune({ olderThan: 30 * day, dryRun: true });
    expect(listTree(cache.dir)).toEqual(before);
    expect(cache.findBoot("old", "old")).toBeDefined();
    expect(planned.removed).toMatchObject([{ digest: old.digest, kernels: [{ digest: old.digest }] }]);
    expect(await cache.prune({ olderThan: 30 * day })).toEqual(planned);
  });

  test("removes what was used least recently until the rest fits", async () => {
    const cache = temporaryCache();
    const trees = [];
    for (const [index, name] of ["b", "a", "c"].entries()) {
      trees.push(await pullNamed(cache, name, { ageInDays: 10 - index }));
    }
    const [oldest, second, newest] = trees;
    // Used last, though it was pulled first.
    await cache.open(required(oldest?.entry));
    const { bytes } = await cache.info();
    const first = await cache.prune({ maxBytes: bytes - 1 });
    expect(first.removed.map(({ digest }) => digest)).toEqual([second?.digest]);
    expect(first.bytes).toBeLessThan(bytes);
    const next = await cache.prune({ maxBytes: first.bytes - 1 });
    expect(next.removed.map(({ digest }) => digest)).toEqual([newest?.digest]);
    expect(existsSync(oldest?.tree ?? "")).toBe(true);
  });

  test("never removes what was used within the grace, 24 hours by default", async () => {
    const cache = temporaryCache();
    const one = await pullNamed(cache, "one", { ageInDays: 0.9 });
    expect(await cache.prune({ maxBytes: 0 })).toMatchObject({
      removed: [],
      kept: [{ digest: one.digest, why: "grace" }],
      freedBytes: 0,
    });
    expect((await cache.prune({ maxBytes: 0, grace: hour })).removed).toHaveLength(1);
  });

  test("never removes what a living process has leased; death ends a lease", async () => {
    const cache = temporaryCache();
    const one = await pullNamed(cache, "one", { ageInDays: 40 });
    const child = startChild(program, {
      action: "hold lease",
      dir: cache.dir,
      identity: kernel(),
      serial: "one",
      archive: "",
      digest: one.digest,
    });
    await child.said(isStep("holding"));
    const options = { maxBytes: 0, olderThan: day, grace: 0 };
    const kept = { removed: [], kept: [{ digest: one.digest, why: "in-use" }] };
    expect(await cache.prune(options)).toMatchObject(kept);
    expect((await cache.info()).inUse).toBe(1);
    child.process.kill("SIGSTOP");
    expect(await cache.prune(options)).toMatchObject(kept);
    expect(await cache.remove([one.digest])).toMatchObject({ removed: [], inUse: [one.digest] });
    expect(listTree(one.tree)).toEqual(one.expected);
    child.process.kill("SIGKILL");
    await child.ended;
    expect((await cache.prune(options)).removed).toHaveLength(1);
    expect(leftoversIn(cache.dir)).toEqual([]);
  });

  test("counts a lease of a process that cannot be asked for a day", async () => {
    const cache = temporaryCache();
    const one = await pullNamed(cache, "one", { ageInDays: 40 });
    // As a container that shares the cache, but not the network namespace, leaves it.
    const lease = path.join(cache.dir, "leases", `${one.digest}.1.0123456789abcdef-1`);
    writeFileSync(lease, "");
    const options = { olderThan: day, grace: 0 };
    expect((await cache.prune(options)).kept).toMatchObject([{ why: "in-use" }]);
    const yesterday = new Date(Date.now() - 25 * hour);
    utimesSync(lease, yesterday, yesterday);
    expect((await cache.prune(options)).removed).toHaveLength(1);
    expect(existsSync(lease)).toBe(false);
  });

  test("puts back a tree that came into use while it was being removed", async () => {
    const cache = temporaryCache();
    const one = await pullNamed(cache, "one", { ageInDays: 40 });
    const { removeDigest } = await import("../../../host/cache/upkeep/remove.js");
    const { Store } = await import("../../../host/cache/store.js");
    const { CachePaths } = await import("../../../host/cache/disk/paths.js");
    const store = new Store({
      paths: new CachePaths(cache.dir),
      tool: "1.2.3",
      now: () => new Date(),
      hostBootId: () => undefined,
      locks: true,
    });
    const seen: boolean[] = [];
    const kept = await removeDigest(
      store,
      one.digest,
      undefined,
      async () => seen.push(existsSync(one.tree)) > 1,
    );
    expect(kept).toBeUndefined();
    expect(seen).toEqual([true, false]);
    expect(listTree(one.tree)).toEqual(one.expected);
    expect((await cache.verify({ repair: false })).problems).toEqual([]);
  });

  test("clears away what dead processes left, and nothing of a living one", async () => {
    const cache = temporaryCache();
    await pullNamed(cache, "one");
    const dead = path.join(cache.dir, "trees", ".tmp-0123456789abcdef-7");
    mkdirSync(path.join(dead, "include"), { recursive: true });
    chmodSync(path.join(dead, "include"), 0o555);
    chmodSync(dead, 0o555);
    const small = path.join(cache.dir, "entries", ".tmp-0123456789abcdef");
    writeFileSync(small, "{");
    const staging = await cache.stage(kernel());
    expect(existsSync(dead)).toBe(false);
    expect(existsSync(small)).toBe(true);
    const later = openCache({ dir: cache.dir, tool: "1.2.3", now: () => new Date(Date.now() + 2 * hour) });
    expect((await later.prune({})).leftovers).toEqual([small]);
    staging.archive.write(Buffer.from("still here"));
    expect(staging.finish().bytes).toBe(10);
    await staging.discard();
  });
});

describe("remove", () => {
  test("takes the given kernel away, and no other", async () => {
    const cache = temporaryCache();
    const one = await pullNamed(cache, "one");
    const two = await pullNamed(cache, "two");
    const report = await cache.remove([one.digest]);
    expect(report.removed.map(({ digest }) => digest)).toEqual([one.digest]);
    expect(report.freedBytes).toBeGreaterThan(100_000);
    expect(existsSync(one.tree)).toBe(false);
    expect(listTree(two.tree)).toEqual(two.expected);
    expect((await pullNamed(cache, "one")).hit).toBe(false);
  });

  test("of all leaves empty folders, also where files cannot be read", async () => {
    const cache = temporaryCache();
    await pullNamed(cache, "one");
    const { digest } = await pullNamed(cache, "two");
    await cache.keepExtra(digest, "note", async (file) => writeFileSync(file, "kept"));
    for (const name of readdirSync(path.join(cache.dir, "entries"))) {
      truncateSync(path.join(cache.dir, "entries", name));
    }
    expect((await cache.remove("all")).removed).toHaveLength(2);
    for (const folder of ["archives", "trees", "extras", "entries", "boots", "serials", "leases"]) {
      expect(readdirSync(path.join(cache.dir, folder))).toEqual([]);
    }
    expect((await pullNamed(cache, "one")).hit).toBe(false);
  });

  test("of all keeps what is in use", async () => {
    const cache = temporaryCache();
    const one = await pullNamed(cache, "one");
    const two = await pullNamed(cache, "two");
    const lease = await cache.acquireLease(two.digest);
    expect(await cache.remove("all")).toMatchObject({
      removed: [{ digest: one.digest }],
      inUse: [two.digest],
    });
    lease.release();
    expect((await pullNamed(cache, "two")).hit).toBe(true);
  });

  test("is silent about a digest that is not there", async () => {
    const cache = temporaryCache();
    await pullNamed(cache, "one");
    const unknown = "0".repeat(64) as Digest;
    expect((await cache.remove([unknown])).freedBytes).toBe(0);
    expect(statSync(cache.dir).isDirectory()).toBe(true);
  });
});
