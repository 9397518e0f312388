import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../../support/cache-fixture.js";
import {
  digestOf,
  folderWith,
  importFrom,
  kernelArchive,
  modulesFolder,
  release,
} from "../../../support/import-files.js";
import { kheadersModule, pipedThrough } from "../../../support/kernel-files.js";
import { file, tar } from "../../../support/tar-builder.js";

const archive = kernelArchive();

/** What a program makes of a folder of modules. `make` gets the folder and the path of what is to be made. */
function made(
  make: (folder: string, target: string) => readonly [string, ...string[]],
  folder = modulesFolder(),
): string {
  const target = join(temporaryFolder(), "source");
  const [program, ...args] = make(folder, target);
  execFileSync(program, args, { stdio: "pipe" });
  return target;
}

function tarOf(folder: string, compress: string): string {
  return made(
    (from, to) => ["tar", `--use-compress-program=${compress}`, "-cf", to, "-C", from, "."],
    folder,
  );
}

function ext4Of(folder: string): string {
  return made(
    (from, to) => ["mke2fs", "-q", "-t", "ext4", "-O", "^metadata_csum", "-d", from, to, "16M"],
    folder,
  );
}

function erofsOf(folder: string): string {
  return made((from, to) => ["mkfs.erofs", "-zlz4hc", to, from], folder);
}

function sparseOf(image: string): string {
  return made((_, to) => ["img2simg", image, to]);
}

function debOf(folder: string): string {
  const control =
    "Package: modules\nVersion: 1\nArchitecture: all\nMaintainer: x <x@example.com>\nDescription: x\n";
  execFileSync("mkdir", [join(folder, "DEBIAN")]);
  writeFileSync(join(folder, "DEBIAN/control"), control);
  return made((from, to) => ["dpkg-deb", "--build", "--root-owner-group", from, to], folder);
}

function zipOf(folder: string): string {
  const target = join(temporaryFolder(), "source.zip");
  execFileSync("zip", ["-qr", target, "."], { cwd: folder });
  return target;
}

describe("each form gives the module's own archive, byte for byte", () => {
  const forms: readonly (readonly [name: string, make: (folder: string) => string])[] = [
    ["a folder", (folder) => folder],
    ["tar", (folder) => made((from, to) => ["tar", "-cf", to, "-C", from, "."], folder)],
    ...["gzip", "bzip2", "xz", "zstd", "lz4"].map(
      (program) => [`tar, ${program}`, (folder: string) => tarOf(folder, program)] as const,
    ),
    ["zip", zipOf],
    ["a Debian package", debOf],
    ["ext4", ext4Of],
    ["ext4, sparse", (folder) => sparseOf(ext4Of(folder))],
    ["EROFS", erofsOf],
    ["EROFS, sparse", (folder) => sparseOf(erofsOf(folder))],
    [
      "an image in a zip in a tar",
      (folder) =>
        tarOf(
          folderWith({ "a.zip": readFileSync(zipOf(folderWith({ i: readFileSync(ext4Of(folder)) }))) }),
          "gzip",
        ),
    ],
  ];
  test.each(forms)("%s", async (_name, make) => {
    const imported = await importFrom([make(modulesFolder())]);
    expect(imported.digest).toBe(digestOf(archive));
    expect(imported.kernel).toMatchObject({ release, machine: "x86_64" });
    expect(imported.found[0]?.from).toContain(`lib/modules/${release}/kernel/kernel/kheaders.ko`);
  });
});

describe("names in a container lead nowhere else", () => {
  test("a tar archive with .., an absolute path and a link", async () => {
    const outside = join(temporaryFolder(), "outside");
    const module = kheadersModule(archive);
    const hostile = tar(
      file("../../../escaped", "x"),
      file(outside, "x"),
      file("modules/kheaders.ko", module),
    );
    const folder = folderWith({ "hostile.tar": hostile });
    await expect(importFrom([join(folder, "hostile.tar")])).rejects.toMatchObject({ code: "file-corrupt" });
    expect(existsSync(outside)).toBe(false);
  });

  test.each([
    ["EROFS", erofsOf, { code: "file-refused" }],
    ["ext4", ext4Of, { code: "no-headers" }],
  ] as const)("an %s image whose names hold a slash", async (_name, make, expected) => {
    const image = make(folderWith({ "..-..-escaped": kheadersModule(archive) }));
    const content = readFileSync(image);
    const hostile = Buffer.from(
      content.toString("latin1").replaceAll("..-..-escaped", "../../escaped"),
      "latin1",
    );
    expect(hostile.equals(content)).toBe(false);
    const folder = folderWith({ image: hostile });
    await expect(importFrom([join(folder, "image")])).rejects.toMatchObject(expected);
  });

  test("links in a folder are not followed", async () => {
    const folder = folderWith({ readme: "nothing" });
    symlinkSync(modulesFolder(), join(folder, "link"));
    await expect(importFrom([folder])).rejects.toMatchObject({ code: "no-headers" });
  });
});

test("an image of the super partition is told, and what takes the partitions out of it", async () => {
  const image = Buffer.alloc(64 * 1024);
  image.write("gDla", 4096);
  const folder = folderWith({ "super.img": image });
  for (const source of [join(folder, "super.img"), sparseOf(join(folder, "super.img"))])
    await expect(importFrom([source])).rejects.toMatchObject({
      code: "file-refused",
      message: expect.stringContaining("it is a super image"),
      hint: expect.stringContaining("lpunpack"),
    });
});

test("a damaged container says which, and why", async () => {
  const whole = readFileSync(tarOf(modulesFolder(), "gzip"));
  const folder = folderWith({ "broken.tar.gz": whole.subarray(0, whole.length / 2) });
  await expect(importFrom([join(folder, "broken.tar.gz")])).rejects.toMatchObject({
    code: "file-corrupt",
    message: expect.stringContaining("broken.tar.gz: The file is damaged: "),
  });
});

test("what is compressed and no tar archive is not taken for one", async () => {
  const text = pipedThrough(Buffer.from("a changelog\n"), "gzip");
  const folder = folderWith({ "text.gz": text, "kheaders.ko": kheadersModule(archive) });
  await expect(importFrom([join(folder, "text.gz")])).rejects.toMatchObject({
    code: "file-refused",
    message: expect.stringContaining("it is not a file of a kernel"),
  });
  const { events } = await importFrom([folder]);
  expect(events.filter(({ type }) => type === "warning")).toEqual([]);
});
