import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { checkCopyTarget, copyTree } from "../../../host/user-files/copy.js";
import { archiveOf, listTree, temporaryCache, temporaryFolder, treeOf } from "../../support/cache-fixture.js";
import { kernel, pullInto } from "../../support/cache-kernels.js";
import { becomeOrdinaryUser } from "../../support/cache-user.js";
import { skipWhen } from "../../support/skip.js";

const isOrdinary = becomeOrdinaryUser();

async function pulled() {
  const archive = archiveOf();
  const opened = await pullInto(temporaryCache(), {
    identity: kernel(),
    serial: "serial",
    archive: () => archive,
  });
  return { ...opened, sent: archive };
}

/** The common tree with the modes of a copy made under a umask of 022. */
const writableTree = treeOf().map((line) =>
  line
    .replace(/^folder 555/, "folder 755")
    .replace(/^file 555/, "file 755")
    .replace(/^file 444/, "file 644"),
);

function setUmask(umask: number): void {
  const before = process.umask(umask);
  onTestFinished(() => void process.umask(before));
}

test("a copy is whole, writable, and no part of the cache", async () => {
  setUmask(0o022);
  const opened = await pulled();
  const dir = path.join(temporaryFolder(), "copy");
  checkCopyTarget(dir);
  await copyTree(opened, dir);
  expect(listTree(dir)).toEqual(writableTree);
  expect(statSync(dir).mode & 0o777).toBe(0o755);
  writeFileSync(path.join(dir, "include/linux/sched.h"), "mine\n");
  expect(listTree(opened.tree)).toEqual(treeOf());
  expect(readdirSync(path.dirname(dir))).toEqual(["copy"]);
});

test("a copy obeys the umask", async () => {
  setUmask(0o077);
  const dir = path.join(temporaryFolder(), "copy");
  await copyTree(await pulled(), dir);
  expect(statSync(path.join(dir, "include")).mode & 0o777).toBe(0o700);
  expect(statSync(path.join(dir, "include/linux/list.h")).mode & 0o777).toBe(0o600);
  expect(statSync(path.join(dir, "scripts/build.sh")).mode & 0o777).toBe(0o700);
});

test("a copy goes into an empty folder, which stays the same one", async () => {
  setUmask(0o022);
  const dir = temporaryFolder();
  const { ino } = statSync(dir);
  await copyTree(await pulled(), dir);
  expect(listTree(dir)).toEqual(writableTree);
  expect(statSync(dir).ino).toBe(ino);
});

test.each([
  [
    "a folder with something in it",
    "the folder is not empty",
    (at: string) => {
      mkdirSync(at);
      writeFileSync(path.join(at, "mine"), "");
    },
  ],
  ["a file", "it exists and is not a folder", (at: string) => writeFileSync(at, "")],
  ["a dangling link", "no such file or directory", (at: string) => symlinkSync("nowhere", at)],
])("a copy never goes onto %s", async (_what, reason, make) => {
  const at = path.join(temporaryFolder(), "copy");
  make(at);
  const before = readdirSync(path.dirname(at), { recursive: true });
  const error = { code: "output-failed", message: expect.stringContaining(reason) };
  expect(() => checkCopyTarget(at)).toThrow(expect.objectContaining(error));
  await expect(copyTree(await pulled(), at)).rejects.toMatchObject(error);
  expect(readdirSync(path.dirname(at), { recursive: true })).toEqual(before);
});

test("a copy that cannot be made or is aborted leaves nothing", async (context) => {
  skipWhen(!isOrdinary, "nothing is forbidden to root", context);
  const opened = await pulled();
  const closed = path.join(temporaryFolder(), "closed");
  mkdirSync(closed, { mode: 0o555 });
  const error = {
    code: "output-failed",
    message: `cannot write ${path.join(closed, "copy")}: permission denied`,
  };
  expect(() => checkCopyTarget(path.join(closed, "copy"))).toThrow(expect.objectContaining(error));
  expect(() => checkCopyTarget(closed)).toThrow(expect.objectContaining({ code: "output-failed" }));
  await expect(copyTree(opened, path.join(closed, "copy"))).rejects.toMatchObject(error);
  const open = temporaryFolder();
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(copyTree(opened, path.join(open, "copy"), signal)).rejects.toThrow("enough");
  expect(readdirSync(open)).toEqual([]);
});

test("a FIFO in a damaged tree is not waited for", async () => {
  const tree = temporaryFolder();
  execFileSync("mkfifo", [path.join(tree, "sched.h")]);
  const copy = path.join(temporaryFolder(), "copy");
  await expect(copyTree({ tree }, copy)).rejects.toMatchObject({
    code: "output-failed",
    message: expect.stringContaining("the tree in the cache is damaged"),
  });
  expect(readdirSync(path.dirname(copy))).toEqual([]);
});

test("an aborted copy is removed in steps, so that a second Ctrl-C is heard", async () => {
  const files = 50;
  const tree = temporaryFolder();
  for (const folder of ["first", "second"]) mkdirSync(path.join(tree, folder));
  for (let file = 0; file < files; file += 1) writeFileSync(path.join(tree, "first", `${file}.h`), "");
  const parent = temporaryFolder();
  // A clock that makes every removal of a file seem to take long.
  let now = 0;
  vi.spyOn(performance, "now").mockImplementation(() => {
    now += 100;
    return now;
  });
  onTestFinished(() => void vi.restoreAllMocks());
  const abort = new AbortController();
  let turns = 0;
  let isDone = false;
  const count = () => {
    if (isDone) return;
    if (existsSync(path.join(temporaryIn(parent), "first"))) abort.abort(new Error("enough"));
    if (abort.signal.aborted) turns += 1;
    setImmediate(count);
  };
  setImmediate(count);
  await expect(copyTree({ tree }, path.join(parent, "copy"), abort.signal)).rejects.toThrow("enough");
  isDone = true;
  expect(turns).toBeGreaterThanOrEqual(files);
  expect(readdirSync(parent)).toEqual([]);
});

function temporaryIn(folder: string): string {
  return path.join(folder, readdirSync(folder)[0] ?? "");
}
