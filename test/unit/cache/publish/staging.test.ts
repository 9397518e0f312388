import { createHash } from "node:crypto";
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openCache } from "../../../../host/cache/index.js";
import { archiveOf, leftoversIn, listTree, temporaryCache, treeOf } from "../../../support/cache-fixture.js";
import {
  buildIdNamed,
  digestNamed,
  kernel,
  pullInto,
  required,
  type SentArchive,
} from "../../../support/cache-kernels.js";
import { becomeOrdinaryUser } from "../../../support/cache-user.js";
import { skipWhen } from "../../../support/skip.js";

const isOrdinary = becomeOrdinaryUser();

const serial = "R5CT30ABCDE";
const unstamped = {
  release: "6.1.57-android14-11-maybe-dirty",
  version: "#1 SMP PREEMPT Thu Jan  1 00:00:00 UTC 1970",
};

function never(): SentArchive {
  throw new Error("the archive was asked for, though the kernel is cached");
}

test("a published tree has the archive's names, types, modes, bytes and link targets; nothing temporary is left", async () => {
  const cache = temporaryCache();
  const archive = archiveOf();
  const opened = await pullInto(cache, { identity: kernel(), serial, archive: () => archive });
  expect(opened.hit).toBe(false);
  expect(listTree(opened.tree)).toEqual(treeOf());
  expect(statSync(opened.tree).mode & 0o7777).toBe(0o555);
  expect(readFileSync(opened.archive)).toEqual(archive.bytes);
  expect(statSync(opened.archive).mode & 0o7777).toBe(0o444);
  expect(opened.digest).toBe(createHash("sha256").update(archive.bytes).digest("hex"));
  expect(opened.bytes).toBe(archive.bytes.length);
  expect(leftoversIn(cache.dir)).toEqual([]);
});

test.each([0o000, 0o027, 0o077])("modes do not depend on the umask %s", async (umask) => {
  const cache = temporaryCache();
  // The cache's own folders are private as the user wants it; they must be there to be used.
  await pullInto(cache, { identity: kernel(), serial, archive: () => archiveOf() });
  const before = process.umask(umask);
  onTestFinished(() => void process.umask(before));
  const archive = archiveOf({ "include/linux/new.h": "int new;\n", "scripts/new/tool*": "tool\n" });
  const other = kernel({ buildId: buildIdNamed("other") });
  const opened = await pullInto(cache, { identity: other, serial: "other", archive: () => archive });
  expect(listTree(opened.tree)).toEqual(
    treeOf({ "include/linux/new.h": "int new;\n", "scripts/new/tool*": "tool\n" }),
  );
});

test("the second pull of a kernel is a hit, in another process as well", async () => {
  const cache = temporaryCache();
  const first = await pullInto(cache, { identity: kernel(), serial, archive: () => archiveOf() });
  const again = await pullInto(cache, { identity: kernel(), serial, archive: never });
  expect(again).toMatchObject({ hit: true, tree: first.tree, digest: first.digest, bytes: first.bytes });
  const reopened = openCache({ dir: cache.dir, tool: "1.2.3" });
  expect((await pullInto(reopened, { identity: kernel(), serial, archive: never })).tree).toBe(first.tree);
});

test("swapping back and forth between unstamped builds of one release is a hit each time", async () => {
  const cache = temporaryCache();
  const builds = ["one", "two"].map((name) => ({
    name,
    identity: kernel({ ...unstamped, buildId: buildIdNamed(name), bootId: `boot of ${name}` }),
  }));
  const trees = [];
  for (const { name, identity } of builds) {
    const archive = archiveOf({ "include/generated/build.h": name });
    trees.push((await pullInto(cache, { identity, serial, archive: () => archive })).tree);
  }
  expect(new Set(trees).size).toBe(2);
  for (const round of [1, 2, 3]) {
    for (const [index, { name, identity }] of builds.entries()) {
      const swapped = { ...identity, bootId: `boot ${round} of ${name}` };
      const opened = await pullInto(cache, { identity: swapped, serial, archive: never });
      expect(opened.tree).toBe(trees[index]);
      expect(readFileSync(path.join(opened.tree, "include/generated/build.h"), "utf8")).toBe(name);
    }
  }
});

test("kernels that nothing tells apart live side by side; each boot gets its own", async () => {
  const cache = temporaryCache();
  const hidden = { ...unstamped, buildId: undefined, configDigest: undefined };
  for (const name of ["one", "two"]) {
    const identity = kernel({ ...hidden, bootId: name });
    const archive = archiveOf({ "include/generated/build.h": name });
    expect((await pullInto(cache, { identity, serial, archive: () => archive })).hit).toBe(false);
  }
  for (const name of ["one", "two"]) {
    const opened = await pullInto(cache, {
      identity: kernel({ ...hidden, bootId: name }),
      serial,
      archive: never,
    });
    expect(readFileSync(path.join(opened.tree, "include/generated/build.h"), "utf8")).toBe(name);
  }
  expect(cache.entriesFor(kernel(hidden))).toHaveLength(2);
});

test("an archive that is pulled anew becomes the same tree", async () => {
  const cache = temporaryCache();
  const hidden = { ...unstamped, buildId: undefined, configDigest: undefined };
  const archive = archiveOf();
  const pulled = [];
  for (const bootId of ["one", "two"]) {
    pulled.push(
      await pullInto(cache, { identity: kernel({ ...hidden, bootId }), serial, archive: () => archive }),
    );
  }
  expect(pulled.map((opened) => opened.hit)).toEqual([false, false]);
  expect(pulled[1]?.tree).toBe(pulled[0]?.tree);
  expect(cache.entries()).toHaveLength(1);
  expect(leftoversIn(cache.dir)).toEqual([]);
});

test("a tree kept apart serves no kernel", async () => {
  const cache = temporaryCache();
  const staging = await cache.stage(kernel());
  staging.archive.write(archiveOf().bytes);
  staging.tree.add({ type: "file", path: "Makefile", executable: false, content: Buffer.from("all:\n") });
  const opened = await staging.finish().publishApart();
  await staging.discard();
  expect(listTree(opened.tree)).toEqual(["file 444 Makefile: all:\n"]);
  expect(opened.entry).toBeUndefined();
  expect(cache.entriesFor(kernel())).toEqual([]);
  expect((await cache.list()).apart).toMatchObject([{ digest: opened.digest, tree: opened.tree, files: 1 }]);
});

test("what was discarded leaves nothing, and nothing is served of it", async () => {
  const cache = temporaryCache();
  const staging = await cache.stage(kernel());
  staging.archive.write(archiveOf().bytes);
  staging.tree.add({ type: "folder", path: "include" });
  staging.tree.add({
    type: "file",
    path: "include/a.h",
    executable: false,
    content: Buffer.from("int a;\n"),
  });
  staging.finish();
  await staging.discard();
  await staging.discard();
  expect(leftoversIn(cache.dir)).toEqual([]);
  expect(await cache.list()).toEqual({ kernels: [], apart: [], btf: [] });
});

test("a publishing that is aborted shows nothing", async () => {
  const cache = temporaryCache();
  const staging = await cache.stage(kernel());
  staging.archive.write(archiveOf().bytes);
  for (const entry of archiveOf().entries) staging.tree.add(entry);
  const staged = staging.finish();
  const signal = AbortSignal.abort(new Error("enough"));
  const about = { identity: kernel(), serial, source: "module", signal } as const;
  await expect(staged.publish(about)).rejects.toThrow("enough");
  await expect(staged.publishApart(signal)).rejects.toThrow("enough");
  await staging.discard();
  expect(leftoversIn(cache.dir)).toEqual([]);
  expect(await cache.list()).toEqual({ kernels: [], apart: [], btf: [] });
});

test("two entries that this disk takes for one are refused by name", async () => {
  const staging = await temporaryCache().stage(kernel());
  const entry = { type: "file", path: "xt_MARK.h", executable: false, content: Buffer.from("") } as const;
  staging.tree.add(entry);
  expect(() => staging.tree.add(entry)).toThrow(
    expect.objectContaining({ code: "archive-refused", message: expect.stringContaining("xt_MARK.h") }),
  );
  await staging.discard();
});

test("what a serial ran last is remembered with what its entry knows", async () => {
  const cache = temporaryCache();
  expect(cache.lastSeen(serial)).toBeUndefined();
  const opened = await pullInto(cache, { identity: kernel(), serial, archive: () => archiveOf() });
  const { bootId: _, ...seen } = kernel();
  expect(cache.lastSeen(serial)).toEqual(seen);
  const greeted = kernel({ bootId: "another", buildId: undefined, configDigest: undefined });
  cache.remember(serial, greeted, required(opened.entry));
  expect(cache.lastSeen(serial)).toEqual(seen);
  expect(cache.findBoot(serial, "another")).toEqual(opened.entry);
  expect(cache.findBoot("another serial", "another")).toBeUndefined();
});

test("an entry records what the kernel was and where its archive came from", async () => {
  const created = new Date("2026-03-04T05:06:07Z");
  const cache = temporaryCache({ now: () => created });
  const identity = kernel({ configDigest: digestNamed("its config") });
  const { digest, bytes } = await pullInto(cache, { identity, serial, archive: () => archiveOf() });
  const { bootId: _, ...build } = identity;
  expect(cache.entriesFor(identity)).toEqual([
    {
      id: expect.any(String),
      kernel: build,
      digest,
      bytes,
      source: "module",
      created,
      tool: "1.2.3",
    },
  ]);
});

test("opening a cache makes nothing", () => {
  const cache = temporaryCache();
  expect(cache.entriesFor(kernel())).toEqual([]);
  expect(cache.findBoot(serial, "boot")).toBeUndefined();
  expect(existsSync(cache.dir)).toBe(false);
});

test("a cache that may not be written still serves", async (context) => {
  skipWhen(!isOrdinary, "nothing is forbidden to root", context);
  const cache = temporaryCache();
  const opened = await pullInto(cache, { identity: kernel(), serial, archive: () => archiveOf() });
  const folders = ["", "archives", "trees", "entries", "boots", "serials", "leases"];
  for (const folder of folders) chmodSync(path.join(cache.dir, folder), 0o555);
  onTestFinished(() => {
    for (const folder of folders) chmodSync(path.join(cache.dir, folder), 0o755);
  });
  expect(() => writeFileSync(path.join(cache.dir, "probe"), "")).toThrow("EACCES");
  const another = kernel({ bootId: "another" });
  const lease = await cache.acquireLease(opened.digest);
  expect((await pullInto(cache, { identity: another, serial, archive: never })).tree).toBe(opened.tree);
  lease.release();
  const elsewhere = openCache({ dir: cache.dir, tool: "1.2.3", hostBootId: () => "later boot" });
  expect((await elsewhere.open(required(opened.entry)))?.tree).toBe(opened.tree);
  await expect(cache.stage(kernel())).rejects.toMatchObject({
    code: "cache-failed",
    message: expect.stringContaining(cache.dir),
    hint: expect.stringContaining("--cache-dir"),
  });
});
