import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Orders } from "../../support/cache-child.js";
import {
  buildChild,
  type Child,
  type ChildProgram,
  isStep,
  startChild,
  writeArchive,
} from "../../support/cache-children.js";
import { archiveOf, temporaryCache, temporaryFolder } from "../../support/cache-fixture.js";
import { kernel, pullInto } from "../../support/cache-kernels.js";
import { becomeOrdinaryUser } from "../../support/cache-user.js";
import { skipBecause } from "../../support/skip.js";

becomeOrdinaryUser();

/** The program of another Node than this one; scripts/test sets it. */
const otherNode = process.env.KHEADERS_OTHER_NODE;

const children: Child[] = [];
let program: ChildProgram;

beforeAll(async () => {
  program = await buildChild();
  return program.remove;
});

afterEach(() => {
  for (const child of children.splice(0)) child.process.kill("SIGKILL");
});

function start(orders: Orders, node: string | undefined): Child {
  const child = startChild(program, orders, { node });
  children.push(child);
  return child;
}

if (otherNode === undefined) {
  skipBecause("KHEADERS_OTHER_NODE names no other Node", "one cache under two versions of Node");
} else {
  describe.each([
    ["this Node", undefined, "the other", otherNode],
    ["the other", otherNode, "this Node", undefined],
  ])("%s and %s", (_first, first, _second, second) => {
    test("bind equal names", async () => {
      const { dir } = temporaryCache();
      const orders = { action: "hold lock", dir, identity: kernel(), serial: "serial", archive: "" } as const;
      // Other tests and commands on this machine have sockets too, which come and go.
      const before = boundNames();
      const isNew = (name: string) => !before.includes(name);
      await start(orders, first).said(isStep("holding"));
      const ofFirst = boundNames().filter(isNew);
      await start({ ...orders, dir: temporaryCache().dir }, second).said(isStep("holding"));
      const ofBoth = boundNames().filter(isNew);
      expect(ofBoth.some((name) => !ofFirst.includes(name))).toBe(true);
      expect(new Set(ofBoth.map((name) => name.length))).toEqual(new Set([108]));
    });

    test("pull one kernel once", async () => {
      const { dir } = temporaryCache();
      const archive = path.join(temporaryFolder(), "archive");
      writeArchive(archive, archiveOf());
      const orders = { action: "pull", dir, identity: kernel(), serial: "serial", archive } as const;
      const holder = start({ ...orders, action: "hold lock" }, first);
      await holder.said(isStep("holding"));
      const waiters = [first, second, second].map((node) => start(orders, node));
      await Promise.all(waiters.map((waiter) => waiter.said(isStep("waiting"))));
      holder.process.kill("SIGKILL");
      await Promise.all(waiters.map((waiter) => waiter.ended));
      const reports = waiters.flatMap((waiter) => waiter.reports);
      expect(reports.filter((report) => "error" in report)).toEqual([]);
      expect(reports.filter(isStep("receiving"))).toHaveLength(1);
    });

    test("do not remove what the other uses", async () => {
      const cache = temporaryCache();
      const { tree, digest } = await pullInto(cache, {
        identity: kernel(),
        serial: "serial",
        archive: () => archiveOf(),
      });
      const orders = { dir: cache.dir, identity: kernel(), serial: "serial", archive: "", digest } as const;
      const user = start({ ...orders, action: "hold lease" }, first);
      await user.said(isStep("holding"));
      await start({ ...orders, action: "remove" }, second).said((report) => "writes" in report);
      expect(existsSync(tree)).toBe(true);
      user.process.kill("SIGKILL");
      await user.ended;
      await start({ ...orders, action: "remove" }, second).said((report) => "writes" in report);
      expect(existsSync(tree)).toBe(false);
    });

    test("do not sweep what the other is making", async () => {
      const cache = temporaryCache();
      const { digest } = await pullInto(cache, {
        identity: kernel(),
        serial: "serial",
        archive: () => archiveOf(),
      });
      const orders = { dir: cache.dir, identity: kernel(), serial: "serial", archive: "", digest } as const;
      const maker = start({ ...orders, action: "keep extra" }, first);
      await maker.said(isStep("making"));
      maker.process.kill("SIGSTOP");
      await start({ ...orders, action: "verify" }, second).said((report) => "writes" in report);
      maker.process.kill("SIGCONT");
      await maker.said((report) => "writes" in report);
      expect(cache.extra(digest, "build")).toBeDefined();
    });
  });
}

/** The names of all abstract sockets of kheaders, as the kernel has them: `@` for NUL. */
function boundNames(): string[] {
  return readFileSync("/proc/net/unix", "latin1")
    .split("\n")
    .map((line) => line.slice(line.indexOf("@")))
    .filter((line) => line.startsWith("@kheaders-"));
}
