import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { archiveFiles } from "../../../host/archive/files.js";
import { smallArchive } from "../../support/small-archive.js";
import { file, folder as inFolder, link, tar } from "../../support/tar-builder.js";
import { xz } from "../../support/xz.js";

const release = "6.1.57-android14-11";
let folder: string;
let archive: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kheaders-files-"));
  archive = join(folder, "kheaders.tar.xz");
});
afterEach(() => rmSync(folder, { recursive: true }));

it("gives each file's content, and writes nothing", async () => {
  writeFileSync(archive, smallArchive(release, { content: "int x;\n" }));
  const files = await archiveFiles(archive).files();
  expect([...files.keys()]).toEqual([
    "include/generated/utsrelease.h",
    "include/generated/autoconf.h",
    "include/linux/kernel.h",
    "scripts/run.sh",
  ]);
  expect(Buffer.from(files.get("include/linux/kernel.h") ?? []).toString()).toBe("int x;\n");
  expect(readdirSync(folder)).toEqual(["kheaders.tar.xz"]);
});

it("reads nothing before it is asked, and decodes once", async () => {
  const files = archiveFiles(archive);
  writeFileSync(archive, smallArchive(release));
  const first = await files.files();
  rmSync(archive);
  expect(await files.files()).toBe(first);
});

it("has links to files as files, whatever they lead over", async () => {
  const content = "#define A 1\n";
  writeFileSync(
    archive,
    xz(
      tar(
        inFolder("include/a"),
        link("include/a/first.h", "../b/second.h"),
        link("include/b/second.h", "third.h"),
        file("include/b/third.h", content),
        link("include/b/nowhere.h", "gone.h"),
        link("include/c", "a"),
      ),
    ),
  );
  const files = await archiveFiles(archive).files();
  expect([...files.keys()].sort()).toEqual(["include/a/first.h", "include/b/second.h", "include/b/third.h"]);
  expect(Buffer.from(files.get("include/a/first.h") ?? []).toString()).toBe(content);
});

it("refuses a damaged archive whole, and tries again when asked again", async () => {
  const whole = smallArchive(release);
  writeFileSync(archive, whole.subarray(0, whole.length - 8));
  const files = archiveFiles(archive);
  await expect(files.files()).rejects.toMatchObject({ code: "archive-corrupt" });
  writeFileSync(archive, whole);
  expect((await files.files()).size).toBe(4);
});

it("ends with the signal's reason", async () => {
  writeFileSync(archive, smallArchive(release));
  const reason = new Error("enough");
  await expect(archiveFiles(archive, { signal: AbortSignal.abort(reason) }).files()).rejects.toBe(reason);
});
