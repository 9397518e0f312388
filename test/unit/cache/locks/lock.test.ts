import { existsSync, renameSync } from "node:fs";
import { createServer } from "node:net";
import { afterEach, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { acquireLock, type Lock } from "../../../../host/cache/locks/lock.js";
import { socketAddress } from "../../../../host/cache/locks/socket.js";
import {
  buildChild,
  type Child,
  type ChildProgram,
  isStep,
  startChild,
} from "../../../support/cache-children.js";
import { temporaryCache } from "../../../support/cache-fixture.js";
import { kernel } from "../../../support/cache-kernels.js";
import { becomeOrdinaryUser } from "../../../support/cache-user.js";

becomeOrdinaryUser();

const children: Child[] = [];
let program: ChildProgram;

beforeAll(async () => {
  program = await buildChild();
  return program.remove;
});

afterEach(() => {
  for (const child of children.splice(0)) child.process.kill("SIGKILL");
});

/** A child that holds, or waits for, the lock of a kernel in a cache. */
function lockingChild(dir: string): Child {
  const child = startChild(program, {
    action: "hold lock",
    dir,
    identity: kernel(),
    serial: "serial",
    archive: "",
  });
  children.push(child);
  return child;
}

let subjects = 0;

describe.each(["linux", "darwin"] as const)("the socket of a lock on %s", (platform) => {
  function freshAddress(): string {
    subjects += 1;
    return socketAddress(["test", String(process.pid), String(subjects)], platform);
  }

  test("lets one after the other have it", async () => {
    const address = freshAddress();
    const order: string[] = [];
    const first = await acquireLock(address);
    expect(first.waited).toBe(false);
    const waiting = ["one", "two", "three"].map(async (name) => {
      const lock = await acquireLock(address, { onWait: () => order.push(`${name} waits`) });
      order.push(`${name} has it`);
      await new Promise((resolve) => setImmediate(resolve));
      order.push(`${name} releases it`);
      lock.release();
      return lock.waited;
    });
    await expect.poll(() => order.filter((line) => line.endsWith("waits")).length).toBe(3);
    expect(order).toHaveLength(3);
    first.release();
    expect(await Promise.all(waiting)).toEqual([true, true, true]);
    const turns = order.slice(3);
    expect(turns).toHaveLength(6);
    for (const index of [0, 2, 4]) {
      expect(turns[index + 1]).toBe(turns[index]?.replace("has it", "releases it"));
    }
  });

  test("ends a wait with the signal's reason", async () => {
    const address = freshAddress();
    const lock = await acquireLock(address);
    const controller = new AbortController();
    const waiting = acquireLock(address, {
      signal: controller.signal,
      onWait: () => setImmediate(() => controller.abort(new Error("enough"))),
    });
    await expect(waiting).rejects.toThrow("enough");
    lock.release();
    const next: Lock = await acquireLock(address);
    expect(next.waited).toBe(false);
    next.release();
  });

  test("leaves no file", async () => {
    const address = freshAddress();
    (await acquireLock(address)).release();
    expect(existsSync(address.replace("\0", ""))).toBe(false);
  });
});

test("a socket file that a dead owner left is taken over", async () => {
  subjects += 1;
  const address = socketAddress(["test", String(process.pid), String(subjects)], "darwin");
  const owner = createServer();
  await new Promise<void>((resolve) => owner.listen(address, resolve));
  // Closing removes the file where it was; death does not.
  renameSync(address, `${address}.kept`);
  await new Promise((resolve) => owner.close(resolve));
  renameSync(`${address}.kept`, address);
  const lock = await acquireLock(address);
  expect(lock.waited).toBe(false);
  lock.release();
  expect(existsSync(address)).toBe(false);
});

test("a lock whose owner was killed goes to a waiter", async () => {
  const cache = temporaryCache();
  const owner = lockingChild(cache.dir);
  await owner.said(isStep("holding"));
  const waiter = lockingChild(cache.dir);
  await waiter.said(isStep("waiting"));
  owner.process.kill("SIGKILL");
  await waiter.said(isStep("holding"));
});

test("a stopped owner keeps its lock", async () => {
  const cache = temporaryCache();
  const owner = lockingChild(cache.dir);
  await owner.said(isStep("holding"));
  owner.process.kill("SIGSTOP");
  const controller = new AbortController();
  let waits = 0;
  const waiting = cache.lock(kernel(), {
    signal: controller.signal,
    onWait: () => {
      waits += 1;
      setTimeout(() => controller.abort(new Error("enough")), 300);
    },
  });
  await expect(waiting).rejects.toThrow("enough");
  expect(waits).toBe(1);
  owner.process.kill("SIGCONT");
  owner.process.kill("SIGKILL");
  (await cache.lock(kernel())).release();
});

test("kernels of other keys, and other caches, do not wait for each other", async () => {
  const cache = temporaryCache();
  const locks = await Promise.all([
    cache.lock(kernel()),
    cache.lock(kernel({ release: "6.6.1" })),
    cache.lock(kernel({ fingerprint: "another" })),
    temporaryCache().lock(kernel()),
  ]);
  expect(locks.map((lock) => lock.waited)).toEqual([false, false, false, false]);
  for (const lock of locks) lock.release();
});

test("who waits is told the process that has the lock", async () => {
  const cache = temporaryCache();
  const owner = lockingChild(cache.dir);
  await owner.said(isStep("holding"));
  const controller = new AbortController();
  let told: number | undefined;
  const onWait = (pid: number | undefined) => {
    told = pid;
    controller.abort(new Error("enough"));
  };
  await expect(cache.lock(kernel(), { signal: controller.signal, onWait })).rejects.toThrow("enough");
  expect(told).toBe(owner.process.pid);
});

test.each([
  ["nothing", ""],
  ["what is not a process id", "-1\u001b[31m\n"],
])("an owner that says %s is waited for all the same", async (_what, introduction) => {
  subjects += 1;
  const address = socketAddress(["test", String(process.pid), String(subjects)]);
  const owner = createServer((socket) => socket.write(introduction));
  await new Promise<void>((resolve) => owner.listen(address, resolve));
  onTestFinished(() => void owner.close());
  const controller = new AbortController();
  const told: unknown[] = [];
  const onWait = (pid: number | undefined) => {
    told.push(pid);
    controller.abort(new Error("enough"));
  };
  await expect(acquireLock(address, { signal: controller.signal, onWait })).rejects.toThrow("enough");
  expect(told).toEqual([undefined]);
});

test.runIf(process.platform === "linux")("an abstract address has the length that every Node binds", () => {
  const address = socketAddress(["test"], "linux");
  expect(address).toHaveLength(108);
  expect(address).toMatch(/^\0kheaders-[0-9a-f]{32}\0+$/);
});
