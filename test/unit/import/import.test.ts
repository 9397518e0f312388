import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { temporaryCache, temporaryFolder } from "../../support/cache-fixture.js";
import { dotConfig, folderWith, importFrom, kernelArchive, release } from "../../support/import-files.js";
import { kheadersModule } from "../../support/kernel-files.js";

const module = () => kheadersModule(kernelArchive());

function sources(files: Readonly<Record<string, string | Uint8Array>>): string[] {
  const folder = folderWith(files);
  return Object.keys(files).map((name) => join(folder, name));
}

describe("several sources are of one kernel", () => {
  test("and add up", async () => {
    const config = gzipSync(dotConfig);
    const imported = await importFrom(
      sources({
        "kheaders.ko": module(),
        "config.gz": config,
        "gki-info.txt": `kernel_release=${release}\n`,
      }),
      { fingerprint: "acme/board" },
    );
    expect(imported.entry).toMatchObject({
      source: "file",
      origin: "kheaders.ko, config.gz, gki-info.txt",
      kernel: { fingerprint: "acme/board", release, machine: "x86_64" },
    });
    expect(imported.kernel.configDigest).toMatch(/^[0-9a-f]{64}$/);
    expect(imported.found.map(({ what }) => what)).toEqual([
      "headers",
      "release",
      "machine",
      "configuration",
    ]);
  });

  test.each<[string, () => Readonly<Record<string, string | Uint8Array>>, RegExp]>([
    [
      "another release",
      () => ({ "kheaders.ko": module(), "gki-info.txt": "kernel_release=6.6.118-android15-8\n" }),
      new RegExp(`the release is ${release} in \\S+kheaders.ko, and 6.6.118-android15-8 in \\S+gki-info.txt`),
    ],
    [
      "another configuration",
      () => ({ "kheaders.ko": module(), config: dotConfig.replace("CONFIG_USB=m", "CONFIG_USB=y") }),
      /the configurations of \S+config and \S+kheaders.ko differ in CONFIG_USB, CONFIG_USB_MODULE/,
    ],
    [
      "two configurations",
      () => ({ one: dotConfig, two: `${dotConfig}CONFIG_NEW=y\n`, "kheaders.ko": module() }),
      /differ in CONFIG_NEW/,
    ],
    [
      "other headers of the same release",
      () => ({ one: module(), two: kheadersModule(kernelArchive({ "include/linux/new.h": "int n;\n" })) }),
      /the archive is [0-9a-f]{12} in/,
    ],
    [
      "a module whose headers are of another release",
      () => ({
        one: kheadersModule(
          kernelArchive({ "include/generated/utsrelease.h": '#define UTS_RELEASE "6.1.57-other"\n' }),
        ),
      }),
      /the release is 6\.1\.57-android14-11-gabc in \S+, and 6\.1\.57-other/,
    ],
    [
      "two versions of a symbol",
      () => ({
        "kheaders.ko": module(),
        a: "0x00000001\tkfree\tvmlinux\tEXPORT_SYMBOL\t\n",
        b: "0x00000002\tkfree\tvmlinux\tEXPORT_SYMBOL\t\n",
      }),
      /the version of kfree is 0x00000001 in/,
    ],
  ])("or are refused: %s", async (_name, files, message) => {
    const cache = temporaryCache();
    await expect(importFrom(sources(files()), { cache })).rejects.toMatchObject({
      code: "archive-mismatch",
      message: expect.stringMatching(message),
    });
    expect(cache.entries()).toEqual([]);
  });
});

test("files of another release than the device's are refused", async () => {
  const expected = { release: "6.1.58", of: "R5CT30ABCDE" };
  await expect(importFrom(sources({ "kheaders.ko": module() }), { expected })).rejects.toMatchObject({
    code: "archive-mismatch",
    message: `the files are of ${release}; R5CT30ABCDE runs 6.1.58`,
  });
});

test.each([
  ["a web page", "<!DOCTYPE html><html></html>", "file-refused", "it is a web page, not a kernel's file"],
  ["an unknown file", "hello", "file-refused", "it is not a file of a kernel that kheaders knows"],
  ["an empty file", "", "file-refused", "it is not a file of a kernel that kheaders knows"],
  ["a configuration alone", dotConfig, "no-headers", "found: configuration"],
])("%s is said as such", async (_name, content, code, message) => {
  const file = join(temporaryFolder(), "source");
  writeFileSync(file, content);
  await expect(importFrom([file])).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
});

test("what does not exist is wrong usage", async () => {
  await expect(importFrom(["/nowhere/kheaders.ko"])).rejects.toMatchObject({
    code: "usage",
    message: "/nowhere/kheaders.ko does not exist",
  });
});

test("a damaged file among good ones is left out, with a warning", async () => {
  const folder = folderWith({ "kheaders.ko": module(), "bad.deb": "!<arch>\ndebian-binary   x" });
  const { events, kernel } = await importFrom([folder]);
  expect(kernel.release).toBe(release);
  expect(events).toContainEqual({
    type: "warning",
    message: expect.stringContaining("bad.deb: The file is damaged"),
  });
});

test("an archive that is damaged inside leaves nothing", async () => {
  const archive = kernelArchive();
  const middle = Math.floor(archive.length / 2);
  archive[middle] = (archive[middle] ?? 0) ^ 0xff;
  const cache = temporaryCache();
  const file = join(folderWith({ a: archive }), "a");
  await expect(importFrom([file], { cache })).rejects.toMatchObject({ exitStatus: 7 });
  expect(cache.entries()).toEqual([]);
});

test("more files of kernels than anybody needs end the search", async () => {
  const one = module();
  const copies = Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`${index}.ko`, one]));
  await expect(importFrom([folderWith(copies)])).rejects.toMatchObject({
    code: "file-refused",
    message: "The file is refused: what is in it is over the limit of 64 files of kernels.",
  });
});
