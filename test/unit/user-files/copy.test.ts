import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { checkCopyTarget, copyTree, keepArchive, updateLink } from "../../../host/user-files/copy.js";
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
  ["a file", "it exists and is no folder", (at: string) => writeFileSync(at, "")],
  ["a dangling link", "ENOENT", (at: string) => symlinkSync("nowhere", at)],
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
  await expect(copyTree(opened, path.join(closed, "copy"))).rejects.toMatchObject({
    code: "output-failed",
    message: expect.stringContaining(closed),
  });
  const open = temporaryFolder();
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(copyTree(opened, path.join(open, "copy"), signal)).rejects.toThrow("enough");
  expect(readdirSync(open)).toEqual([]);
});

test("the archive is kept as it came, in the place of an older one", async () => {
  setUmask(0o027);
  const opened = await pulled();
  const folder = temporaryFolder();
  const file = path.join(folder, "kheaders.tar.xz");
  writeFileSync(file, "older");
  keepArchive(opened, file);
  expect(readFileSync(file)).toEqual(opened.sent.bytes);
  expect(statSync(file).mode & 0o777).toBe(0o640);
  const link = path.join(folder, "link");
  symlinkSync("kheaders.tar.xz", link);
  writeFileSync(file, "older");
  keepArchive(opened, link);
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(readFileSync(file)).toEqual(opened.sent.bytes);
  expect(readdirSync(folder).sort()).toEqual(["kheaders.tar.xz", "link"]);
});

test("the archive is not kept in the place of what is no file", async () => {
  const opened = await pulled();
  for (const target of [temporaryFolder(), "/dev/null"]) {
    expect(() => keepArchive(opened, target)).toThrow(
      expect.objectContaining({ code: "output-failed", message: expect.stringContaining("no regular file") }),
    );
  }
});

test("a link is made, and moved to another tree at once", async () => {
  const link = path.join(temporaryFolder(), "headers");
  updateLink(link, "/first");
  expect(readlinkSync(link)).toBe("/first");
  updateLink(link, "/second");
  expect(readlinkSync(link)).toBe("/second");
  expect(readdirSync(path.dirname(link))).toEqual(["headers"]);
});

test("a link never replaces what is no link", (context) => {
  skipWhen(!isOrdinary, "nothing is forbidden to root", context);
  const file = path.join(temporaryFolder(), "headers");
  writeFileSync(file, "mine");
  expect(() => updateLink(file, "/tree")).toThrow(
    expect.objectContaining({ code: "output-failed", message: expect.stringContaining("no symbolic link") }),
  );
  expect(readFileSync(file, "utf8")).toBe("mine");
  const closed = path.join(temporaryFolder(), "closed");
  mkdirSync(closed);
  chmodSync(closed, 0o555);
  expect(() => updateLink(path.join(closed, "headers"), "/tree")).toThrow(
    expect.objectContaining({ code: "output-failed" }),
  );
  expect(existsSync(path.join(closed, "headers"))).toBe(false);
});
