import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { bufferSource } from "../../../../host/formats/byte-source.js";
import { bzImage } from "../../../../host/formats/containers/bz-image.js";
import { bzImageFile } from "../../../support/kernel-files.js";

function payloadOf(file: Uint8Array): Buffer {
  const { kernel } = bzImage.open(bufferSource(file));
  return Buffer.from(kernel.read(0, kernel.size));
}

describe("a bzImage", () => {
  it("gives its payload, without the size that the build appends", () => {
    const file = bzImageFile(Buffer.from("a kernel\x08\0\0\0"));
    expect(bzImage.recognises(bufferSource(file))).toBe(true);
    expect(bzImage.open(bufferSource(file)).name).toBe("bzImage");
    expect(payloadOf(file)).toEqual(Buffer.from("a kernel"));
    expect(payloadOf(bzImageFile(gzipSync("a kernel")))).toEqual(gzipSync("a kernel"));
  });

  it("whose payload does not lie in it is damaged", () => {
    for (const [offset, value] of [
      [0x248, 0xffffffff],
      [0x24c, 0xffffffff],
      [0x1f1, 255],
    ] as const) {
      const file = bzImageFile(Buffer.from("a kernel\0\0\0\0"));
      if (offset === 0x1f1) file.writeUInt8(value, offset);
      else file.writeUInt32LE(value, offset);
      expect(() => bzImage.open(bufferSource(file))).toThrow(
        expect.objectContaining({ code: "file-corrupt" }),
      );
    }
  });

  it("is no boot sector, and no kernel from before the payload was told", () => {
    const old = bzImageFile(Buffer.alloc(10));
    old.writeUInt16LE(0x0207, 0x206);
    const sector = bzImageFile(Buffer.alloc(10));
    sector.write("none", 0x202);
    for (const file of [old, sector, Buffer.alloc(0x250), Buffer.alloc(3)])
      expect(bzImage.recognises(bufferSource(file))).toBe(false);
  });
});
