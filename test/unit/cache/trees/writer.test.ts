import { linkSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Member } from "../../../../host/archive/reader.js";
import { treeFileTime } from "../../../../host/cache/trees/manifest.js";
import { TreeWriter } from "../../../../host/cache/trees/writer.js";
import { listTree, temporaryFolder } from "../../../support/cache-fixture.js";

const members: Member[] = [
  { type: "folder", path: "include" },
  { type: "file", path: "include/a.h", executable: false, content: Buffer.from("a") },
  { type: "file", path: "build.sh", executable: true, content: Buffer.from("#!") },
  { type: "link", path: "include/b.h", target: "a.h" },
];

function newRoot(): string {
  return path.join(temporaryFolder(), "tree");
}

const linksNothing = () => false;

test.each([0o022, 0o077, 0o000])("a tree is read-only whatever the umask is (%o)", (umask) => {
  const before = process.umask(umask);
  onTestFinished(() => void process.umask(before));
  const root = newRoot();
  const tree = new TreeWriter(root, linksNothing);
  for (const member of members) tree.add(member);
  expect(tree.seal().map((entry) => entry.path)).toEqual(members.map((member) => member.path));
  expect(listTree(root)).toEqual([
    "file 555 build.sh: #!",
    "folder 555 include",
    "file 444 include/a.h: a",
    "link include/b.h -> a.h",
  ]);
  expect(statSync(root).mode & 0o7777).toBe(0o555);
  expect(statSync(path.join(root, "build.sh")).mtimeMs).toBe(treeFileTime * 1000);
  expect(tree.keepsModes).toBe(true);
});

test("a file that could be linked is not written", () => {
  const root = newRoot();
  const source = path.join(path.dirname(root), "source");
  writeFileSync(source, "shared");
  const tree = new TreeWriter(root, ({ path: name }, target) => {
    if (name !== "include/a.h") return false;
    linkSync(source, target);
    return true;
  });
  for (const member of members) tree.add(member);
  tree.seal();
  expect(statSync(path.join(root, "include/a.h")).ino).toBe(statSync(source).ino);
  expect(readFileSync(path.join(root, "build.sh"), "utf8")).toBe("#!");
});

test("what another process put in a file's place is neither followed nor overwritten", () => {
  const root = newRoot();
  const victim = path.join(path.dirname(root), "victim");
  writeFileSync(victim, "mine");
  const tree = new TreeWriter(root, linksNothing);
  symlinkSync(victim, path.join(root, "a.h"));
  const member: Member = { type: "file", path: "a.h", executable: false, content: Buffer.from("theirs") };
  expect(() => tree.add(member)).toThrow(
    expect.objectContaining({ code: "archive-refused", message: expect.stringContaining("a.h") }),
  );
  expect(readFileSync(victim, "utf8")).toBe("mine");
});

test("a tree is never written into a folder that exists", () => {
  const root = newRoot();
  mkdirSync(root);
  expect(() => new TreeWriter(root, linksNothing)).toThrow(
    expect.objectContaining({
      code: "cache-failed",
      message: `cannot write the tree at ${root}: file already exists`,
    }),
  );
});

test("a name that the disk cannot hold is shown, and the temporary folder is not", () => {
  const trees = temporaryFolder();
  const tree = new TreeWriter(path.join(trees, ".tmp-0123456789abcdef-1"), linksNothing);
  expect(() => tree.add({ type: "folder", path: "a".repeat(300) })).toThrow(
    expect.objectContaining({
      code: "cache-failed",
      message: expect.stringMatching(new RegExp(`^cannot write a+… of the tree at ${trees}: name too long$`)),
    }),
  );
});
