import { describe, expect, it } from "vitest";
import { bufferSource } from "../../../../host/formats/byte-source.js";
import { readElfKernel } from "../../../../host/formats/kernel/elf-kernel.js";
import { MalformedElf } from "../../../../host/kernel/elf-sections.js";
import { assembled, changedBy, kheadersModule } from "../../../support/kernel-files.js";
import { smallArchive } from "../../../support/small-archive.js";
import { xz } from "../../../support/xz.js";

const archive = smallArchive("6.1.57-android14-11-gabc");
const otherXz = xz(Buffer.alloc(100_000, "initramfs"));

async function archiveIn(file: Uint8Array): Promise<Buffer | undefined> {
  const contents = await readElfKernel(bufferSource(file), undefined);
  const found = contents?.archive;
  return found === undefined ? undefined : Buffer.from(found.read(0, found.size));
}

const targets: Readonly<Record<string, string>> = {
  aarch64: "aarch64-linux-gnu",
  x86_64: "x86_64-linux-gnu",
  i686: "i386-linux-gnu",
  arm: "arm-linux-gnueabi",
  ppc: "powerpc-linux-gnu",
  ppc64: "powerpc64-linux-gnu",
};

describe("a kheaders.ko", () => {
  it.each(Object.entries(targets))("of %s gives the archive that was built in", async (machine, target) => {
    const file = kheadersModule(archive, { target });
    const contents = await readElfKernel(bufferSource(file), undefined);
    expect(contents).toMatchObject({
      formats: ["kheaders.ko"],
      machine,
      release: "6.1.57-android14-11-gabc",
    });
    expect(await archiveIn(file)).toEqual(archive);
    expect(await archiveIn(changedBy(file, "llvm-strip", "--strip-all"))).toEqual(archive);
  });

  it("gives it by its symbols where other xz data lies before it", async () => {
    const before = `.byte ${[...otherXz].join()}`;
    expect(await archiveIn(kheadersModule(archive, { before }))).toEqual(archive);
  });

  it("gives it by the markers of the original patches, without symbols", async () => {
    const options = { markers: true, before: `.ascii "IKHD_ST" ; .byte ${[...otherXz].join()}` };
    const file = changedBy(kheadersModule(archive, options), "llvm-strip", "--strip-all");
    expect(await archiveIn(file)).toEqual(archive);
  });

  it("of an old kernel, which does not say its name, is known by its archive", async () => {
    expect(await archiveIn(kheadersModule(archive, { name: "" }))).toEqual(archive);
    const other = await readElfKernel(bufferSource(kheadersModule(otherXz, { name: "" })), undefined);
    expect(other).toBeUndefined();
  });

  it("with something else in the place of the archive has none", async () => {
    const contents = await readElfKernel(bufferSource(kheadersModule(otherXz)), undefined);
    expect(contents).toMatchObject({ formats: ["kheaders.ko"], archive: undefined });
  });

  it("is no other module or program", async () => {
    expect(
      await readElfKernel(bufferSource(kheadersModule(archive, { name: "wlan" })), undefined),
    ).toBeUndefined();
    expect(await readElfKernel(bufferSource(assembled(".text\nnop")), undefined)).toBeUndefined();
  });

  it("that breaks off is said to be damaged", async () => {
    const file = kheadersModule(archive);
    for (const size of [100, 1000, file.length - 1])
      await expect(readElfKernel(bufferSource(file.subarray(0, size)), undefined)).rejects.toBeInstanceOf(
        MalformedElf,
      );
  });
});
