import { readdirSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bufferSource } from "../../../host/formats/byte-source.js";
import { type OpenKernelFile, readKernelFile } from "../../../host/formats/kernel-file.js";
import { temporaryFolder } from "../../support/cache-fixture.js";
import { kernelFileProperties } from "../../support/kernel-file-properties.js";
import {
  arm64ImageHeader,
  bootImageFile,
  bzImageFile,
  kheadersModule,
  pipedThrough,
  zbootFile,
} from "../../support/kernel-files.js";
import { smallArchive } from "../../support/small-archive.js";
import { file, tar } from "../../support/tar-builder.js";
import { xz } from "../../support/xz.js";

const archive = smallArchive("6.1.57-android14-11-gabc");

async function read(content: Uint8Array, scratch = temporaryFolder()): Promise<OpenKernelFile | undefined> {
  return readKernelFile(bufferSource(content), { scratch });
}

function bytesOf(contents: OpenKernelFile | undefined): Buffer | undefined {
  const found = contents?.archive;
  return found === undefined ? undefined : Buffer.from(found.read(0, found.size));
}

it.each(kernelFileProperties())("is read or refused, whatever is done to it: %s", async (_, property) => {
  await fc.assert<unknown>(property, { numRuns: 20 });
});

describe("a kernel file", () => {
  it("is an archive", async () => {
    const contents = await read(archive);
    expect(contents?.formats).toEqual(["archive"]);
    expect(bytesOf(contents)).toEqual(archive);
  });

  it("is a module, compressed or not", async () => {
    const module = kheadersModule(archive);
    const plain = await read(module);
    expect(plain?.formats).toEqual(["kheaders.ko"]);
    expect(bytesOf(plain)).toEqual(archive);
    const compressed = await read(pipedThrough(module, "gzip", "-c"));
    expect(compressed?.formats).toEqual(["gzip", "kheaders.ko"]);
    expect(bytesOf(compressed)).toEqual(archive);
    compressed?.close();
  });

  it("is opened form by form", async () => {
    const image = Buffer.concat([arm64ImageHeader, Buffer.alloc(5000), archive, Buffer.alloc(100)]);
    const gzip = pipedThrough(image, "gzip", "-c");
    const lz4 = pipedThrough(image, "lz4", "-l");
    const tree = Buffer.from("d00dfeed00001000", "hex");
    const withSize = (compressed: Uint8Array) => Buffer.concat([compressed, Buffer.alloc(4, 1)]);
    const forms: [Buffer, string[]][] = [
      [image, []],
      [gzip, ["gzip"]],
      [Buffer.concat([gzip, tree]), ["gzip"]],
      [lz4, ["lz4"]],
      [zbootFile(gzip), ["EFI zboot", "gzip"]],
      [bzImageFile(gzip), ["bzImage", "gzip"]],
      [bzImageFile(withSize(lz4)), ["bzImage", "lz4"]],
      [bzImageFile(withSize(xz(image, "--check=crc32", "--x86", "--lzma2"))), ["bzImage", "xz"]],
      [bzImageFile(withSize(pipedThrough(image, "zstd"))), ["bzImage", "zstd"]],
      [bootImageFile(0, Buffer.concat([lz4, tree])), ["boot image v0", "lz4"]],
      [bootImageFile(4, image), ["boot image v4"]],
      [
        pipedThrough(bootImageFile(3, zbootFile(lz4)), "gzip", "-c"),
        ["gzip", "boot image v3", "EFI zboot", "lz4"],
      ],
    ];
    for (const [content, outer] of forms) {
      const contents = await read(content);
      expect(contents?.formats).toEqual([...outer, "arm64 Image"]);
      expect(contents?.machine).toBe("aarch64");
      expect(bytesOf(contents)?.equals(archive), outer.join()).toBe(true);
      contents?.close();
    }
  });

  it("is refused if it is nested without end", async () => {
    let nested: Buffer = archive;
    for (let depth = 0; depth < 7; depth += 1) nested = pipedThrough(nested, "gzip", "-c");
    await expect(read(nested)).rejects.toMatchObject({
      code: "file-refused",
      message: "The file is refused: the depth of its nested forms is over the limit of 6 forms.",
    });
  });

  it("is refused if the kernel in it is in a form that is not known", async () => {
    await expect(
      read(bootImageFile(0, Buffer.from("uncompressed for another machine"))),
    ).rejects.toMatchObject({
      code: "file-refused",
      message: "The file is refused: the kernel in it (boot image v0) is in a form that is not known.",
    });
  });

  it("leaves nothing in the folder for temporary files, not even while it is open", async () => {
    const scratch = temporaryFolder();
    const contents = await read(pipedThrough(kheadersModule(archive), "gzip", "-c"), scratch);
    expect(readdirSync(scratch)).toEqual([]);
    contents?.close();
    expect(() => contents?.archive?.read(0, 100)).toThrow("closed");
  });

  it("is nothing else", async () => {
    const tarball = tar(file("include/linux/kernel.h", "int x;"));
    const others = {
      "an empty file": Buffer.alloc(0),
      text: Buffer.from("hello"),
      "a tar": tarball,
      "a tar in gzip": pipedThrough(tarball, "gzip", "-c"),
      "another tar in xz": xz(tarball),
      zeros: Buffer.alloc(1_000_000),
    };
    for (const [name, content] of Object.entries(others)) expect(await read(content), name).toBeUndefined();
  });

  it("is said to be damaged if it breaks off", async () => {
    const compressed = pipedThrough(kheadersModule(archive), "gzip", "-c");
    await expect(read(compressed.subarray(0, -200))).rejects.toMatchObject({ code: "file-corrupt" });
    const module = kheadersModule(archive);
    await expect(read(module.subarray(0, -200))).rejects.toMatchObject({
      code: "file-corrupt",
      message: "The file is damaged: as an ELF file, it ends too early.",
    });
  });
});
