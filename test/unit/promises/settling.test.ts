import {
  chmodSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { type Cache, openCache } from "../../../host/cache/index.js";
import { archiveOf, leftoversIn, listTree, temporaryCache, treeOf } from "../../support/cache-fixture.js";
import { kernel, pullInto } from "../../support/cache-kernels.js";
import { becomeOrdinaryUser } from "../../support/cache-user.js";

becomeOrdinaryUser();

const serial = "R5CT30ABCDE";
const archive = archiveOf();

/** A cache with one kernel, written in the workstation's boot `first`. */
async function filledCache(): Promise<{ cache: Cache; tree: string; archiveFile: string }> {
  const cache = temporaryCache({ hostBootId: () => "first" });
  const opened = await pullInto(cache, { identity: kernel(), serial, archive: () => archive });
  return { cache, tree: opened.tree, archiveFile: opened.archive };
}

/** The same cache as another boot of the workstation finds it. */
function inBoot(cache: Cache, boot: string | undefined): Cache {
  return openCache({ dir: cache.dir, tool: "1.2.3", hostBootId: () => boot });
}

async function pullAgain(cache: Cache) {
  let transfers = 0;
  const opened = await pullInto(cache, {
    identity: kernel(),
    serial,
    archive: () => {
      transfers += 1;
      return archive;
    },
  });
  return { ...opened, transfers };
}

/** Changes a read-only file in a read-only folder, as a power cut can. */
function damage(file: string, change: (file: string) => void): void {
  const folder = path.dirname(file);
  const mode = statSync(folder).mode;
  chmodSync(folder, 0o755);
  change(file);
  chmodSync(folder, mode);
}

function overwrite(content: string, mode = 0o444) {
  return (file: string) => {
    chmodSync(file, 0o644);
    const { atime, mtime } = statSync(file);
    writeFileSync(file, content);
    utimesSync(file, atime, mtime);
    chmodSync(file, mode);
  };
}

function truncate(file: string, length = 0): void {
  chmodSync(file, 0o644);
  truncateSync(file, length);
  chmodSync(file, 0o444);
}

const header = "include/linux/sched.h";

const losses: [name: string, lose: (cache: Cache, tree: string) => void][] = [
  ["a file was emptied", (_, tree) => damage(path.join(tree, header), (file) => truncate(file))],
  [
    "a file of the right size and time has zeros",
    (_, tree) => damage(path.join(tree, header), overwrite("\0".repeat(32))),
  ],
  ["a file is missing", (_, tree) => damage(path.join(tree, header), (file) => rmSync(file))],
  ["a file is not executable any more", (_, tree) => chmodSync(path.join(tree, "scripts/build.sh"), 0o444)],
  [
    "a link is missing",
    (_, tree) => damage(path.join(tree, "arch/arm64/include/asm/link.h"), (file) => rmSync(file)),
  ],
  ["something was added", (_, tree) => damage(path.join(tree, "added"), (file) => writeFileSync(file, ""))],
  ["a folder is writable", (_, tree) => chmodSync(path.join(tree, "include"), 0o755)],
  [
    "the tree is missing",
    (cache, tree) => {
      // Renaming within the same parent is allowed for read-only folders.
      renameSync(tree, path.join(cache.dir, "trees", "moved-away"));
    },
  ],
  [
    "the record was emptied",
    (cache, tree) => truncateSync(path.join(cache.dir, "trees", `${path.basename(tree)}.json`)),
  ],
  [
    "the record is garbage",
    (cache, tree) =>
      writeFileSync(path.join(cache.dir, "trees", `${path.basename(tree)}.json`), "\0".repeat(300)),
  ],
  [
    "the manifest was emptied",
    (cache, tree) => truncateSync(path.join(cache.dir, "trees", `${path.basename(tree)}.manifest`)),
  ],
];

test.each(losses)(
  "after a power cut, the next pull repairs the tree without the device: %s",
  async (_name, lose) => {
    const { cache, tree } = await filledCache();
    lose(cache, tree);
    const later = inBoot(cache, "second");
    const opened = await pullAgain(later);
    expect(opened).toMatchObject({ transfers: 0, tree });
    expect(listTree(tree)).toEqual(treeOf());
    expect(leftoversIn(cache.dir)).toEqual([]);
    expect(listTree((await pullAgain(inBoot(cache, "third"))).tree)).toEqual(treeOf());
  },
);

test.each([
  ["emptied", (file: string) => truncate(file)],
  ["cut short", (file: string) => truncate(file, 100)],
  ["missing", (file: string) => rmSync(file)],
])("after a power cut, a kernel is pulled anew where its archive is %s", async (_name, lose) => {
  const { cache, archiveFile } = await filledCache();
  lose(archiveFile);
  const opened = await pullAgain(inBoot(cache, "second"));
  expect(opened.transfers).toBe(1);
  expect(listTree(opened.tree)).toEqual(treeOf());
  expect(readFileSync(opened.archive)).toEqual(archive.bytes);
  expect((await inBoot(cache, "second").verify({ repair: false })).problems).toEqual([]);
});

test("after a power cut, emptied entries, boots and format are as if they were absent", async () => {
  const { cache } = await filledCache();
  for (const folder of ["entries", "boots", "serials"]) {
    for (const name of readdirSync(path.join(cache.dir, folder)))
      truncateSync(path.join(cache.dir, folder, name));
  }
  truncateSync(path.join(cache.dir, "format"));
  const later = inBoot(cache, "second");
  expect(later.entriesFor(kernel())).toEqual([]);
  expect(later.lastSeen(serial)).toBeUndefined();
  expect((await pullAgain(later)).transfers).toBe(1);
  expect((await pullAgain(later)).transfers).toBe(0);
  expect(readFileSync(path.join(cache.dir, "format"), "utf8")).toBe("1\n");
});

test("a tree that was found whole after a reboot is settled: later boots take it as it is", async () => {
  const { cache, tree } = await filledCache();
  expect((await pullAgain(inBoot(cache, "second"))).transfers).toBe(0);
  // What is damaged by hand after that is for `cache verify` to find: nobody reads the tree again.
  damage(path.join(tree, header), (file) => truncate(file));
  expect(listTree((await pullAgain(inBoot(cache, "third"))).tree)).not.toEqual(treeOf());
  const { problems } = await inBoot(cache, "third").verify({ repair: true });
  expect(problems).toMatchObject([{ what: "tree", path: tree, outcome: "repaired" }]);
  expect(listTree(tree)).toEqual(treeOf());
});

test("a repaired tree must settle again", async () => {
  const { cache, tree } = await filledCache();
  await pullAgain(inBoot(cache, "second"));
  damage(path.join(tree, header), (file) => truncate(file));
  await inBoot(cache, "third").verify({ repair: true });
  damage(path.join(tree, header), (file) => truncate(file));
  expect(listTree((await pullAgain(inBoot(cache, "fourth"))).tree)).toEqual(treeOf());
});

test("where the workstation tells no boot id, a tree is verified at each use", async () => {
  const { cache, tree } = await filledCache();
  for (const _round of [1, 2]) {
    damage(path.join(tree, header), (file) => truncate(file));
    expect((await pullAgain(inBoot(cache, undefined))).transfers).toBe(0);
    expect(listTree(tree)).toEqual(treeOf());
  }
});

test("repairing one tree leaves the ones alone that share its files", async () => {
  const { cache, tree } = await filledCache();
  const contents = { "include/linux/second.h": "int second;\n" };
  const other = await pullInto(cache, {
    identity: kernel({ version: "#2 SMP PREEMPT Tue Jan 16 09:30:00 UTC 2024", buildId: undefined }),
    serial: "other",
    archive: () => archiveOf(contents),
  });
  const shared = (root: string) => statSync(path.join(root, "include/linux/list.h")).ino;
  expect(shared(other.tree)).toBe(shared(tree));
  damage(path.join(tree, header), (file) => rmSync(file));
  await pullAgain(inBoot(cache, "second"));
  expect(listTree(tree)).toEqual(treeOf());
  expect(listTree(other.tree)).toEqual(treeOf(contents));
  expect(shared(other.tree)).toBe(shared(tree));
});
