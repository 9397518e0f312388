import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { Cache } from "../../../../host/cache/index.js";
import { buildChild, type ChildProgram, isStep, startChild } from "../../../support/cache-children.js";
import {
  archiveOf,
  leftoversIn,
  listTree,
  temporaryCache,
  temporaryFolder,
} from "../../../support/cache-fixture.js";
import { buildIdNamed, kernel, pullInto, required } from "../../../support/cache-kernels.js";
import { becomeOrdinaryUser } from "../../../support/cache-user.js";
import { writeExtra, writtenExtra } from "../../../support/extra-folder.js";

const isOrdinaryUser = becomeOrdinaryUser();

let program: ChildProgram;

beforeAll(async () => {
  program = await buildChild();
  return program.remove;
});

const day = 24 * 3_600_000;

/** A cache with one kernel, last used some days ago. */
async function cacheWithKernel(options: { ageInDays?: number; locks?: boolean } = {}) {
  const cache = temporaryCache({ locks: options.locks ?? true });
  const pulled = await pullInto(cache, { identity: kernel(), serial: "one", archive: () => archiveOf() });
  const used = new Date(Date.now() - (options.ageInDays ?? 0) * day);
  utimesSync(pulled.archive, used, used);
  return { cache, ...pulled };
}

function writing(text: string): (file: string) => Promise<void> {
  return async (file) => writeFileSync(file, text);
}

async function neverMade(): Promise<void> {
  throw new Error("it was made again");
}

describe("an extra", () => {
  test("is made once, found by its name, and another one's under another", async () => {
    const { cache, digest } = await cacheWithKernel();
    expect(cache.extra(digest, "note.txt")).toBeUndefined();
    const file = await cache.keepExtra(digest, "note.txt", writing("kept"));
    expect(readFileSync(file, "utf8")).toBe("kept");
    expect(await cache.keepExtra(digest, "note.txt", neverMade)).toBe(file);
    expect(cache.extra(digest, "note.txt")).toBe(file);
    expect(cache.extra(digest, "note")).toBeUndefined();
    expect(leftoversIn(cache.dir)).toEqual([]);
  });

  test.each(["ENOSPC", "EDQUOT"])("for which the disk has no space (%s) is told as such", async (code) => {
    const { cache, digest } = await cacheWithKernel();
    const make = async () => {
      throw Object.assign(new Error(`${code}: no space, write`), { code });
    };
    await expect(cache.keepExtra(digest, "note.txt", make)).rejects.toMatchObject({
      code: "disk-full",
      message: expect.stringContaining("no space left"),
    });
    expect(leftoversIn(cache.dir)).toEqual([]);
  });

  test("in whose place a FIFO lies is not there, and is made again", async () => {
    const { cache, digest } = await cacheWithKernel();
    const file = await cache.keepExtra(digest, "note.txt", writing("kept"));
    const folder = await cache.keepExtra(digest, "build", async (made) => writeExtra(made));
    for (const [name, place, make] of [
      ["note.txt", file, writing("new")],
      ["build", folder, async (made: string) => writeExtra(made)],
    ] as const) {
      rmSync(place, { recursive: true });
      execFileSync("mkfifo", [place]);
      expect(cache.extra(digest, name)).toBeUndefined();
      expect(await cache.keepExtra(digest, name, make)).toBe(place);
      expect(cache.extra(digest, name)).toBe(place);
    }
    expect(readFileSync(file, "utf8")).toBe("new");
    expect(leftoversIn(cache.dir)).toEqual([]);
  });

  test("may be a folder, also one that may not be written at first, and can be written later", async () => {
    const { cache, digest } = await cacheWithKernel();
    const folder = await cache.keepExtra(digest, "build", async (made) => {
      writeExtra(made);
      chmodSync(path.join(made, "scripts/closed"), 0o555);
      chmodSync(made, 0o555);
    });
    writeFileSync(path.join(folder, "made.o"), "object");
    expect(cache.extra(digest, "build")).toBe(folder);
  });

  test("counts as a use of the tree when it is asked for", async () => {
    const { cache, digest, archive } = await cacheWithKernel({ ageInDays: 40 });
    cache.extra(digest, "note");
    expect(Date.now() - statSync(archive).mtimeMs).toBeGreaterThan(day);
    await cache.keepExtra(digest, "note", writing("kept"));
    cache.extra(digest, "note");
    expect(Date.now() - statSync(archive).mtimeMs).toBeLessThan(day);
  });

  test("is made anew where that is wanted, be it a file or a folder", async () => {
    const { cache, digest } = await cacheWithKernel();
    await cache.keepExtra(digest, "note", writing("old"));
    const file = await cache.keepExtra(digest, "note", writing("new"), { replace: true });
    expect(readFileSync(file, "utf8")).toBe("new");
    await cache.keepExtra(digest, "build", async (folder) => writeExtra(folder));
    const made = async (folder: string) => mkdirSync(folder);
    const folder = await cache.keepExtra(digest, "build", made, { replace: true });
    expect(listTree(folder)).toEqual([]);
    expect(leftoversIn(cache.dir)).toEqual([]);
  });

  test("is made anew where what is there is found wanting, and not otherwise", async () => {
    const { cache, digest } = await cacheWithKernel();
    const replace = (there: string) => !existsSync(there) || readFileSync(there, "utf8") === "old";
    await cache.keepExtra(digest, "note", writing("old"), { replace });
    const file = await cache.keepExtra(digest, "note", writing("new"), { replace });
    expect(readFileSync(file, "utf8")).toBe("new");
    expect(await cache.keepExtra(digest, "note", neverMade, { replace })).toBe(file);
  });

  test("that could not be made is not there, and can be made later", async () => {
    const { cache, digest } = await cacheWithKernel();
    const half = async (folder: string) => {
      writeExtra(folder);
      throw new Error("half of it");
    };
    await expect(cache.keepExtra(digest, "build", half)).rejects.toThrow("half of it");
    expect(cache.extra(digest, "build")).toBeUndefined();
    expect(leftoversIn(cache.dir)).toEqual([]);
    expect(existsSync(await cache.keepExtra(digest, "build", async (path) => writeExtra(path)))).toBe(true);
  });

  test("is not kept once the signal aborts", async () => {
    const { cache, digest } = await cacheWithKernel();
    const controller = new AbortController();
    const slow = async (file: string) => {
      writeFileSync(file, "kept");
      controller.abort(new Error("enough"));
    };
    const options = { signal: controller.signal };
    await expect(cache.keepExtra(digest, "note", slow, options)).rejects.toThrow("enough");
    expect(cache.extra(digest, "note")).toBeUndefined();
    expect(leftoversIn(cache.dir)).toEqual([]);
  });

  test.each(["../note", "a/b", ".tmp-note", "", "Note", "a.b.c"])("cannot be called %j", async (name) => {
    const { cache, digest } = await cacheWithKernel();
    expect(() => cache.extra(digest, name)).toThrow("not a name for an extra");
    await expect(cache.keepExtra(digest, name, writing(""))).rejects.toThrow("not a name for an extra");
  });

  test("is kept in a cache that older versions made, which has no place for it", async () => {
    const { cache, digest } = await cacheWithKernel();
    rmSync(path.join(cache.dir, "extras"), { recursive: true, force: true });
    expect(cache.extra(digest, "note")).toBeUndefined();
    expect((await cache.info()).trees).toBe(1);
    expect(readFileSync(await cache.keepExtra(digest, "note", writing("kept")), "utf8")).toBe("kept");
  });

  test("is kept once by processes that want it at once, and by none for a tree that is gone", async () => {
    const { cache, digest } = await cacheWithKernel();
    const orders = { action: "keep extra", identity: kernel(), serial: "", archive: "", digest } as const;
    const children = Array.from({ length: 4 }, () => startChild(program, { ...orders, dir: cache.dir }));
    await Promise.all(children.map((child) => child.ended));
    const reports = children.flatMap((child) => child.reports);
    expect(reports.filter((report) => "error" in report)).toEqual([]);
    expect(reports.filter(isStep("making"))).toHaveLength(1);
    expect(listTree(required(cache.extra(digest, "build")))).toEqual(writtenExtra);
    expect(leftoversIn(cache.dir)).toEqual([]);
    await cache.remove([digest]);
    const gone = expect.objectContaining({ code: "cache-failed", message: expect.stringMatching(/removed/) });
    await expect(cache.keepExtra(digest, "note", writing(""))).rejects.toThrow(gone);
    expect(cache.extra(digest, "note")).toBeUndefined();
  });

  test("is right without locks, too: that of the first stays", async () => {
    const { cache, digest } = await cacheWithKernel({ locks: false });
    const both = ["one", "two"].map((name) =>
      cache.keepExtra(digest, "build", async (folder) => {
        writeExtra(folder);
        writeFileSync(path.join(folder, name), "");
      }),
    );
    const [folder, same] = await Promise.all(both);
    expect(same).toBe(folder);
    expect(listTree(required(folder)).filter((line) => /one|two/.test(line))).toHaveLength(1);
    expect(leftoversIn(cache.dir)).toEqual([]);
  });

  test("in a cache that may not be written is found, and no other is kept", async ({ skip }) => {
    skip(!isOrdinaryUser, "root may write everywhere");
    const { cache, digest, archive } = await cacheWithKernel();
    const file = await cache.keepExtra(digest, "note", writing("kept"));
    const folders = ["", "archives", "leases", "extras", `extras/${digest}`].map((name) =>
      path.join(cache.dir, name),
    );
    for (const folder of folders) chmodSync(folder, 0o555);
    chmodSync(archive, 0o444);
    expect(cache.extra(digest, "note")).toBe(file);
    expect(await cache.keepExtra(digest, "note", neverMade)).toBe(file);
    const refused = expect.objectContaining({
      code: "cache-failed",
      hint: expect.stringMatching(/--cache-dir/),
    });
    await expect(cache.keepExtra(digest, "other", writing(""))).rejects.toThrow(refused);
    for (const folder of folders) chmodSync(folder, 0o755);
  });
});

describe("the extras of a tree", () => {
  /** Keeps a large folder in which a build has closed some folders. */
  async function keepClosed(cache: Cache, { digest }: Awaited<ReturnType<typeof cacheWithKernel>>) {
    const folder = await cache.keepExtra(digest, "build", async (made) => {
      writeExtra(made);
      writeFileSync(path.join(made, "large"), Buffer.alloc(1_000_000, 1));
    });
    for (const [name, mode] of [
      ["scripts/closed", 0o000],
      ["scripts", 0o500],
    ] as const)
      chmodSync(path.join(folder, name), mode);
    return folder;
  }

  test("count in what the cache takes, and go with it when it is removed", async () => {
    const made = await cacheWithKernel();
    const { cache, digest } = made;
    const before = (await cache.info()).bytes;
    const folder = await keepClosed(cache, made);
    expect((await cache.info()).bytes - before).toBeGreaterThan(1_000_000);
    const report = await cache.remove([digest]);
    expect(report.freedBytes).toBeGreaterThan(1_000_000);
    expect(existsSync(path.dirname(folder))).toBe(false);
    expect((await cache.info()).bytes).toBe(0);
    expect(leftoversIn(cache.dir)).toEqual([]);
  });

  test("go when it is pruned, also when they are what is too much", async () => {
    const made = await cacheWithKernel({ ageInDays: 10 });
    const { cache, digest, archive } = made;
    const { bytes } = await cache.info();
    const folder = await keepClosed(cache, made);
    const used = new Date(Date.now() - 10 * day);
    utimesSync(archive, used, used);
    const report = await cache.prune({ maxBytes: bytes });
    expect(report).toMatchObject({ removed: [{ digest }], bytes: 0 });
    expect(existsSync(folder)).toBe(false);
  });

  test("stay as long as it is in use", async () => {
    const { cache, digest } = await cacheWithKernel();
    const file = await cache.keepExtra(digest, "note", writing("kept"));
    const lease = await cache.acquireLease(digest);
    expect((await cache.remove([digest])).inUse).toEqual([digest]);
    expect(readFileSync(file, "utf8")).toBe("kept");
    lease.release();
    const making = cache.keepExtra(digest, "other", async (path) => {
      expect((await cache.remove([digest])).inUse).toEqual([digest]);
      writeFileSync(path, "");
    });
    expect(existsSync(await making)).toBe(true);
  });

  test("are found and removed where all else of it is gone", async () => {
    const { cache, digest } = await cacheWithKernel();
    const extra = await cache.keepExtra(digest, "note", writing("kept"));
    await cache.remove([digest]);
    mkdirSync(path.dirname(extra), { recursive: true });
    writeFileSync(extra, "left");
    await cache.verify({ repair: true });
    expect(existsSync(path.dirname(extra))).toBe(false);
  });
});

describe("a tree's folder", () => {
  test("tells its digest, by whatever path, and no other folder does", async () => {
    const { cache, digest, tree } = await cacheWithKernel();
    const link = path.join(temporaryFolder(), "link");
    symlinkSync(tree, link);
    for (const folder of [tree, `${tree}/`, link]) expect(await cache.digestOfTree(folder)).toBe(digest);
    const elsewhere = path.join(temporaryFolder(), digest);
    mkdirSync(elsewhere);
    for (const folder of [elsewhere, path.join(tree, "include"), cache.dir, path.join(tree, "none")])
      expect(await cache.digestOfTree(folder)).toBeUndefined();
  });

  test("of a second kernel is another, and so are its extras", async () => {
    const { cache, digest } = await cacheWithKernel();
    const identity = kernel({ buildId: buildIdNamed("other"), bootId: "other" });
    const archive = () => archiveOf({ "include/other.h": "" });
    const other = await pullInto(cache, { identity, serial: "other", archive });
    await cache.keepExtra(digest, "note", writing("kept"));
    expect(await cache.digestOfTree(other.tree)).toBe(other.digest);
    expect(cache.extra(other.digest, "note")).toBeUndefined();
  });
});
