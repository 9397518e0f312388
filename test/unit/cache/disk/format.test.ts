import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { cacheDir, openCache } from "../../../../host/cache/index.js";
import { buildChild, startChild } from "../../../support/cache-children.js";
import { archiveOf, temporaryCache, temporaryFolder } from "../../../support/cache-fixture.js";
import { kernel, pullInto } from "../../../support/cache-kernels.js";
import { becomeOrdinaryUser } from "../../../support/cache-user.js";
import { skipWhen } from "../../../support/skip.js";

const isOrdinary = becomeOrdinaryUser();

test.each([
  ["2\n", "Update kheaders"],
  ["0\n", "Choose another folder"],
  ["somebody else's\u001b[31m", "Choose another folder"],
])("a cache of format %j is left alone with a clear message", (format, hint) => {
  const dir = temporaryFolder();
  writeFileSync(path.join(dir, "format"), format);
  const open = () => openCache({ dir, tool: "1.2.3" });
  expect(open).toThrow(
    expect.objectContaining({
      code: "cache-format",
      message: expect.stringMatching(/has format .*, this version of kheaders knows format 1$/),
      hint: expect.stringContaining(hint),
    }),
  );
  expect(open).not.toThrow("\u001b");
  expect(readdirSync(dir)).toEqual(["format"]);
});

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
])("an entry whose %s is not of its form is as if it were absent", async (field, replacement) => {
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
    message: expect.stringContaining("cannot tell where the cache is"),
  });
});
