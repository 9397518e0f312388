import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { cacheDir, openCache } from "../../../../host/cache/index.js";
import { buildChild, startChild } from "../../../support/cache-children.js";
import { archiveOf, temporaryCache, temporaryFolder } from "../../../support/cache-fixture.js";
import { kernel, pullInto } from "../../../support/cache-kernels.js";
import { becomeOrdinaryUser } from "../../../support/cache-user.js";
import { skipWhen } from "../../../support/skip.js";

const isOrdinary = becomeOrdinaryUser();

test.each(["2\n", "0\n", "117"])(
  "beside a layout of format %j ours lies in a folder of its own",
  async (format) => {
    const dir = temporaryFolder();
    writeFileSync(path.join(dir, "format"), format);
    mkdirSync(path.join(dir, "trees"));
    writeFileSync(path.join(dir, "trees", ".tmp-0123456789abcdef-1"), "of another version");
    const cache = openCache({ dir, tool: "1.2.3" });
    expect(readdirSync(dir).sort()).toEqual(["format", "trees"]);
    const pull = { identity: kernel(), serial: "serial", archive: () => archiveOf() };
    const { tree } = await pullInto(cache, pull);
    expect(path.relative(dir, tree)).toMatch(/^v1\/trees\/[0-9a-f]{64}$/);
    expect(await pullInto(openCache({ dir, tool: "1.2.3" }), pull)).toMatchObject({ hit: true, tree });
    await cache.prune({ grace: 0 });
    await cache.remove("all");
    expect(readFileSync(path.join(dir, "format"), "utf8")).toBe(format);
    expect(readdirSync(path.join(dir, "trees"))).toEqual([".tmp-0123456789abcdef-1"]);
  },
);

test("a layout of a newer version lies beside ours, which stays where it is", async () => {
  const cache = temporaryCache();
  const pull = { identity: kernel(), serial: "serial", archive: () => archiveOf() };
  const { tree, digest } = await pullInto(cache, pull);
  expect(tree).toBe(path.join(cache.dir, "trees", digest));
  const newer = path.join(cache.dir, "v2", "trees");
  mkdirSync(newer, { recursive: true });
  writeFileSync(path.join(newer, ".tmp-0123456789abcdef-1"), "");
  writeFileSync(path.join(cache.dir, "v2", "format"), "2\n");
  const again = openCache({ dir: cache.dir, tool: "1.2.3" });
  expect(await pullInto(again, pull)).toMatchObject({ hit: true, tree });
  expect(await again.verify({ repair: true })).toMatchObject({ checked: 1, problems: [], leftovers: [] });
  await again.remove("all");
  expect(readdirSync(newer)).toEqual([".tmp-0123456789abcdef-1"]);
});

test.each([
  ["a file of the user's", "Documents"],
  ["an old temporary file of another program", ".tmp-old"],
  ["a name that is nearly ours", ".tmp-0123456789abcdef-1-new"],
  ["a format file of another program", "format"],
])("a folder that has %s is not taken for a cache", (_what, name) => {
  const dir = temporaryFolder();
  writeFileSync(path.join(dir, name), "somebody else's\u001b[31m");
  utimesSync(path.join(dir, name), 0, 0);
  const open = () => openCache({ dir, tool: "1.2.3" });
  expect(open).toThrow(
    expect.objectContaining({
      code: "cache-failed",
      message: `${dir} is not a kheaders cache: it has other files, such as "${name}"`,
      hint: expect.stringContaining("Nothing was changed."),
    }),
  );
  expect(readdirSync(dir)).toEqual([name]);
});

test("files that come into a folder before the cache is made there stay, and it is not made", async () => {
  const dir = temporaryFolder();
  const cache = openCache({ dir, tool: "1.2.3" });
  writeFileSync(path.join(dir, "mine"), "");
  for (const work of [cache.lock(kernel()), cache.stage(kernel())]) {
    await expect(work).rejects.toMatchObject({ code: "cache-failed" });
  }
  expect(readdirSync(dir)).toEqual(["mine"]);
});

test.each([
  ["an empty folder", []],
  ["a new file system", ["lost+found"]],
  ["a cache whose making was cut short", [".tmp-0123456789abcdef", "archives", "trees"]],
])("%s is taken", async (_what, names) => {
  const dir = temporaryFolder();
  for (const name of names) mkdirSync(path.join(dir, name));
  const cache = openCache({ dir, tool: "1.2.3" });
  await pullInto(cache, { identity: kernel(), serial: "serial", archive: () => archiveOf() });
  expect(readFileSync(path.join(dir, "format"), "utf8")).toBe("1\n");
});

test("a format file that lost its content in a power cut is written again", async () => {
  const cache = temporaryCache();
  const pull = { identity: kernel(), serial: "serial", archive: () => archiveOf() };
  await pullInto(cache, pull);
  writeFileSync(path.join(cache.dir, "format"), "\0\0");
  expect(await pullInto(openCache({ dir: cache.dir, tool: "1.2.3" }), pull)).toMatchObject({ hit: true });
});

test.skipIf(process.platform !== "linux")(
  "a cache where the system makes no folder is an error at once",
  async () => {
    const cache = openCache({ dir: "/proc/kheaders/cache", tool: "1.2.3" });
    await expect(cache.lock(kernel())).rejects.toMatchObject({ code: "cache-failed" });
  },
);

test("records of another format are as if they were absent", async () => {
  const cache = temporaryCache();
  await pullInto(cache, { identity: kernel(), serial: "serial", archive: () => archiveOf() });
  const [name] = readdirSync(path.join(cache.dir, "entries"));
  const file = path.join(cache.dir, "entries", `${name}`);
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.replace('"format": 1', '"format": 2'));
  expect(cache.entriesFor(kernel())).toEqual([]);
  writeFileSync(file, text);
  expect(cache.entriesFor(kernel())).toHaveLength(1);
});

test.each([
  ["release", '"release": 5'],
  ["digest", '"digest": "../../../etc"'],
  ["bytes", '"bytes": -1'],
  ["source", '"source": "thin air"'],
  ["created", '"created": "yesterday"'],
  ["buildId", '"buildId": ""'],
])("an entry whose %s has the wrong form counts as missing", async (field, replacement) => {
  const cache = temporaryCache();
  await pullInto(cache, { identity: kernel(), serial: "serial", archive: () => archiveOf() });
  const [name] = readdirSync(path.join(cache.dir, "entries"));
  const file = path.join(cache.dir, "entries", `${name}`);
  const text = readFileSync(file, "utf8");
  const changed = text.replace(new RegExp(`"${field}": [^,\\n]+`), replacement);
  expect(changed).not.toBe(text);
  writeFileSync(file, changed);
  expect(cache.entriesFor(kernel())).toEqual([]);
});

test("a path that is no folder is no cache", () => {
  const file = path.join(temporaryFolder(), "file");
  writeFileSync(file, "");
  expect(() => openCache({ dir: file, tool: "1.2.3" })).toThrow(
    expect.objectContaining({ code: "cache-failed", message: expect.stringContaining("is not a folder") }),
  );
});

test("a cache below a file cannot be made", async () => {
  const file = path.join(temporaryFolder(), "file");
  writeFileSync(file, "");
  const cache = openCache({ dir: path.join(file, "cache"), tool: "1.2.3" });
  expect(cache.entriesFor(kernel())).toEqual([]);
  await expect(cache.stage(kernel())).rejects.toMatchObject({ code: "cache-failed" });
});

test("a folder that may not be written gives an error that names it", async (context) => {
  skipWhen(!isOrdinary, "nothing is forbidden to root", context);
  const dir = path.join(temporaryFolder(), "closed");
  mkdirSync(dir, { mode: 0o555 });
  const cache = openCache({ dir: path.join(dir, "cache"), tool: "1.2.3" });
  await expect(cache.lock(kernel())).rejects.toMatchObject({
    code: "cache-failed",
    message: expect.stringContaining(dir),
    hint: expect.stringContaining("--cache-dir"),
  });
});

test("the flag goes before the variable, the variable before the platform's folder", async () => {
  expect(await cacheDir({ KHEADERS_CACHE_DIR: "/variable" }, "/flag")).toBe("/flag");
  expect(await cacheDir({ KHEADERS_CACHE_DIR: "/variable" }, undefined)).toBe("/variable");
  expect(await cacheDir({ KHEADERS_CACHE_DIR: "relative" }, undefined)).toBe(path.resolve("relative"));
});

test("without either it is the platform's cache folder; without a home folder, an error says what to set", async () => {
  const program = await buildChild();
  onTestFinished(program.remove);
  const orders = { action: "name the folder", dir: "", identity: kernel(), serial: "", archive: "" } as const;
  const home = temporaryFolder();
  const { XDG_CACHE_HOME: _, ...environment } = process.env;
  const atHome = startChild(program, orders, { environment: { ...environment, HOME: home } });
  const named = await atHome.said((report) => "folder" in report);
  expect(named).toEqual({ folder: expect.stringMatching(/\/kheaders$/) });
  expect("folder" in named && named.folder.startsWith(home)).toBe(true);
  const homeless = startChild(program, orders, { environment: { ...environment, HOME: "" } });
  expect(await homeless.said((report) => "error" in report)).toEqual({
    error: "cache-failed",
    message: expect.stringContaining("cannot find the cache folder"),
  });
});
