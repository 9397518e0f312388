import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import fs, {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { removeTree } from "../../../../host/cache/disk/remove-tree.js";
import { temporaryFolder } from "../../../support/cache-fixture.js";
import { becomeOrdinaryUser } from "../../../support/cache-user.js";

becomeOrdinaryUser();

/** A folder with as many folders in it, each with a file. */
function treeAt(root: string, folders: number): string {
  for (let index = 0; index < folders; index += 1) {
    const folder = path.join(root, `folder ${index}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, "file"), "");
  }
  return root;
}

test("a tree goes whose folders are read-only or may not even be read", async () => {
  const root = treeAt(path.join(temporaryFolder(), "tree"), 3);
  chmodSync(path.join(root, "folder 1"), 0o000);
  chmodSync(path.join(root, "folder 2"), 0o555);
  chmodSync(root, 0o555);
  expect(await removeTree(root)).toBe(true);
  expect(existsSync(root)).toBe(false);
});

test("names that are not UTF-8 go as well", async () => {
  const root = treeAt(path.join(temporaryFolder(), "tree"), 1);
  const folder = Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0xfe])]);
  mkdirSync(folder);
  writeFileSync(Buffer.concat([folder, Buffer.from("/\xe9", "latin1")]), "");
  expect(await removeTree(root)).toBe(true);
  expect(existsSync(root)).toBe(false);
});

test("links are removed, not what they lead to", async () => {
  const outside = treeAt(path.join(temporaryFolder(), "outside"), 1);
  const root = treeAt(path.join(temporaryFolder(), "tree"), 1);
  symlinkSync(outside, path.join(root, "folder 0", "link"));
  expect(await removeTree(root)).toBe(true);
  symlinkSync(outside, root);
  expect(await removeTree(root)).toBe(true);
  expect(readdirSync(path.join(outside, "folder 0"))).toEqual(["file"]);
});

test("nothing there is not an error, nor is no folder above it", async () => {
  expect(await removeTree(path.join(temporaryFolder(), "nothing"))).toBe(true);
  expect(await removeTree(path.join(temporaryFolder(), "nothing", "below"))).toBe(true);
});

test("a time limit leaves the rest, and a later removal goes on", async () => {
  const root = treeAt(path.join(temporaryFolder(), "tree"), 10);
  expect(await removeTree(root, { maxTime: 0 })).toBe(false);
  expect(existsSync(root)).toBe(true);
  expect(await removeTree(root)).toBe(true);
  expect(existsSync(root)).toBe(false);
});

test("an ordinary tree still goes after an abort", async () => {
  const root = treeAt(path.join(temporaryFolder(), "tree"), 10);
  expect(await removeTree(root, { signal: AbortSignal.abort() })).toBe(true);
  expect(existsSync(root)).toBe(false);
});

test("others have the thread while a large tree goes", async () => {
  const root = treeAt(path.join(temporaryFolder(), "tree"), 3_000);
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  }, 1);
  await removeTree(root);
  clearInterval(timer);
  expect(turns).toBeGreaterThan(0);
});

/** Calls `swap` once, after the first look at a file of that name. */
function afterFirstLook(name: string, swap: () => void): void {
  const real = fs.lstatSync;
  const restore = () => {
    Object.assign(fs, { lstatSync: real });
    syncBuiltinESMExports();
  };
  Object.assign(fs, {
    lstatSync: (...args: Parameters<typeof fs.lstatSync>) => {
      const stat = real(...args);
      if (path.basename(String(args[0])) === name) {
        restore();
        swap();
      }
      return stat;
    },
  });
  syncBuiltinESMExports();
  onTestFinished(restore);
}

test.each(["tree", "folder 0"])(
  "a folder %s that becomes a link once it was looked at leads nowhere",
  async (name) => {
    const outside = treeAt(path.join(temporaryFolder(), "outside"), 1);
    chmodSync(outside, 0o500);
    const root = treeAt(path.join(temporaryFolder(), "tree"), 1);
    const swapped = name === "tree" ? root : path.join(root, name);
    afterFirstLook(name, () => {
      renameSync(swapped, path.join(path.dirname(root), "aside"));
      symlinkSync(outside, swapped);
    });
    expect(await removeTree(root)).toBe(true);
    expect(existsSync(root)).toBe(false);
    expect(existsSync(path.join(outside, "folder 0", "file"))).toBe(true);
    expect(statSync(outside).mode & 0o777).toBe(0o500);
  },
);

test("a process that swaps a folder for a link all the time has nothing outside removed", async () => {
  const folder = temporaryFolder();
  const outside = treeAt(path.join(temporaryFolder(), "outside"), 2);
  const root = path.join(folder, "tree");
  const swapper = startSwapping(root, outside);
  try {
    for (let round = 0; round < 300; round += 1) {
      // What another process puts there meanwhile may end a removal, never lead it astray.
      await removeTree(root).catch(() => undefined);
      expect(readdirSync(outside)).toHaveLength(2);
      expect(existsSync(path.join(outside, "folder 0", "file"))).toBe(true);
    }
  } finally {
    swapper.kill("SIGKILL");
    await new Promise((resolve) => swapper.once("close", resolve));
  }
});

function startSwapping(root: string, outside: string): ChildProcess {
  const swap = `
    const fs = require("node:fs");
    const [root, outside] = process.argv.slice(1);
    for (;;) {
      try { fs.mkdirSync(root); fs.writeFileSync(root + "/file", ""); } catch {}
      try { fs.renameSync(root, root + ".aside"); fs.symlinkSync(outside, root); } catch {}
      try { fs.unlinkSync(root); } catch {}
      fs.rmSync(root + ".aside", { recursive: true, force: true });
    }`;
  return spawn(process.execPath, ["-e", swap, root, outside], { stdio: "ignore" });
}

test("mkfifo in a tree goes as any file", async () => {
  const root = treeAt(path.join(temporaryFolder(), "tree"), 1);
  execFileSync("mkfifo", [path.join(root, "fifo")]);
  expect(await removeTree(root)).toBe(true);
});
