import { describe, expect, it } from "vitest";
import { btfSize } from "../../../host/kernel/btf-header.js";
import { btfFile } from "../../support/btf-file.js";

describe("the size in a header of BTF", () => {
  it("is that of header, types and strings, in either byte order", () => {
    const file = btfFile();
    expect(btfSize(file)).toBe(file.length);
    const swapped = Buffer.from(file.subarray(0, 24)).swap32();
    // The first word is a half and two bytes.
    swapped.set([0xeb, 0x9f, 1, 0]);
    expect(btfSize(swapped)).toBe(file.length);
  });

  it("is not there in what is not BTF", () => {
    const file = btfFile();
    expect(btfSize(file.subarray(0, 23))).toBeUndefined();
    expect(btfSize(Buffer.alloc(24))).toBeUndefined();
    expect(btfSize(Buffer.from("<html><body>404 not found</body></html>"))).toBeUndefined();
    const small = Buffer.from(file);
    small.writeUInt32LE(8, 4);
    expect(btfSize(small)).toBeUndefined();
  });

  it("may be larger than any file", () => {
    const file = Buffer.from(btfFile());
    file.writeUInt32LE(0xffffffff, 8);
    file.writeUInt32LE(0xffffffff, 12);
    expect(btfSize(file)).toBe(24 + 2 * 0xffffffff);
  });
});
