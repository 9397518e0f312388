import path from "node:path";
import { beforeAll, expect, test } from "vitest";
import {
  buildChild,
  type ChildProgram,
  isStep,
  startChild,
  writeArchive,
} from "../../support/cache-children.js";
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

becomeOrdinaryUser();

let program: ChildProgram;

beforeAll(async () => {
  program = await buildChild();
  return program.remove;
});

/** The trees that children printed, and how many transferred an archive. */
async function results(children: readonly ReturnType<typeof startChild>[]) {
  await Promise.all(children.map((child) => child.ended));
  const reports = children.flatMap((child) => child.reports);
  return {
    errors: reports.filter((report) => "error" in report),
    trees: reports.flatMap((report) => ("tree" in report ? [report.tree] : [])),
    transfers: reports.filter(isStep("receiving")).length,
  };
}

test("16 processes pull one kernel into an empty cache: one transfer, 16 equal paths", async () => {
  const cache = temporaryCache();
  const archive = path.join(temporaryFolder(), "archive");
  writeArchive(archive, archiveOf());
  const children = Array.from({ length: 16 }, () =>
    startChild(program, { action: "pull", dir: cache.dir, identity: kernel(), serial: "serial", archive }),
  );
  const { errors, trees, transfers } = await results(children);
  expect(errors).toEqual([]);
  expect(trees).toHaveLength(16);
  expect(new Set(trees).size).toBe(1);
  expect(transfers).toBe(1);
  expect(listTree(trees[0] ?? "")).toEqual(treeOf());
  expect(leftoversIn(cache.dir)).toEqual([]);
});

test("processes that pull different kernels, some without locks, each get their own tree", async () => {
  const cache = temporaryCache();
  const folder = temporaryFolder();
  const children = ["one", "two"].flatMap((name) => {
    const archive = path.join(folder, name);
    writeArchive(archive, archiveOf({ "include/generated/build.h": name }));
    const identity = kernel({ buildId: buildIdNamed(name), bootId: name });
    return [true, false].map((locks) => ({
      name,
      child: startChild(program, { action: "pull", dir: cache.dir, locks, identity, serial: name, archive }),
    }));
  });
  const { errors, trees } = await results(children.map(({ child }) => child));
  expect(errors).toEqual([]);
  expect(new Set(trees).size).toBe(2);
  for (const { name, child } of children) {
    const said = await child.said((report) => "tree" in report);
    expect("tree" in said && listTree(said.tree)).toEqual(treeOf({ "include/generated/build.h": name }));
  }
  expect(leftoversIn(cache.dir)).toEqual([]);
});

test("where the first of many dies at work, one of those who wait takes over", async () => {
  const cache = temporaryCache();
  const archive = path.join(temporaryFolder(), "archive");
  writeArchive(archive, archiveOf());
  const orders = { action: "pull", dir: cache.dir, identity: kernel(), serial: "serial", archive } as const;
  const holder = startChild(program, { ...orders, action: "hold lock" });
  await holder.said(isStep("holding"));
  const waiters = Array.from({ length: 3 }, () => startChild(program, orders));
  await Promise.all(waiters.map((waiter) => waiter.said(isStep("waiting"))));
  holder.process.kill("SIGKILL");
  const { errors, trees, transfers } = await results(waiters);
  expect(errors).toEqual([]);
  expect(new Set(trees).size).toBe(1);
  expect(transfers).toBe(1);
});

test("one process takes in many archives at once, as for a lab of devices", async () => {
  const cache = temporaryCache();
  const names = Array.from({ length: 12 }, (_, index) => `device ${index}`);
  const pulled = await Promise.all(
    names.map(async (name) => {
      const identity = kernel({ fingerprint: name, buildId: buildIdNamed(name), bootId: name });
      const contents = { "include/generated/build.h": name };
      const opened = await pullInto(cache, { identity, serial: name, archive: () => archiveOf(contents) });
      return { opened, contents };
    }),
  );
  for (const { opened, contents } of pulled) expect(listTree(opened.tree)).toEqual(treeOf(contents));
  expect((await cache.list()).kernels).toHaveLength(12);
  expect(leftoversIn(cache.dir)).toEqual([]);
});
