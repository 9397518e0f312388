import { describe, expect, it } from "vitest";
import { bufferSource } from "../../../../host/formats/byte-source.js";
import { bootImage } from "../../../../host/formats/containers/boot-image.js";
import { bootImageFile } from "../../../support/kernel-files.js";

const kernel = Buffer.from("the kernel");

describe("a boot image", () => {
  it.each([0, 1, 2, 3, 4])("of version %i gives its kernel", (version) => {
    const source = bufferSource(bootImageFile(version, kernel));
    expect(bootImage.recognises(source)).toBe(true);
    const opened = bootImage.open(source);
    expect(opened.name).toBe(`boot image v${version}`);
    expect(Buffer.from(opened.kernel.read(0, opened.kernel.size))).toEqual(kernel);
  });

  it("of version 0 may have anything where later versions have theirs", () => {
    const file = bootImageFile(0, kernel);
    file.writeUInt32LE(123_456, 0x28);
    expect(bootImage.open(bufferSource(file)).name).toBe("boot image v0");
  });

  it("without a kernel is said to be none", () => {
    expect(() => bootImage.open(bufferSource(bootImageFile(4, Buffer.alloc(0))))).toThrow(
      expect.objectContaining({
        code: "file-refused",
        message: "The file is refused: it is a boot image without a kernel.",
        hint: "init_boot.img and some recovery images have none. The kernel is in boot.img.",
      }),
    );
  });

  it("of a version that is not known is refused", () => {
    expect(() => bootImage.open(bufferSource(bootImageFile(5, kernel)))).toThrow("a boot image of version 5");
  });

  it("whose sizes cannot be is damaged", () => {
    for (const [offset, value] of [
      [8, 0xffffffff],
      [0x24, 3],
      [0x24, 0],
    ] as const) {
      const file = bootImageFile(2, kernel);
      file.writeUInt32LE(value, offset);
      expect(() => bootImage.open(bufferSource(file))).toThrow(
        expect.objectContaining({ code: "file-corrupt" }),
      );
    }
  });

  it("is nothing else", () => {
    for (const text of ["", "ANDROID!", "VNDRBOOT".repeat(100), "ANDROID".repeat(100)])
      expect(bootImage.recognises(bufferSource(Buffer.from(text)))).toBe(false);
  });
});
