import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { bufferSource } from "../../../host/formats/byte-source.js";
import { type OpenKernelFile, readKernelFile } from "../../../host/formats/kernel-file.js";
import { temporaryFolder } from "../../support/cache-fixture.js";
import { kheadersModule, pipedThrough } from "../../support/kernel-files.js";
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
