import { describe, expect, it } from "vitest";
import { looksLikeBtf, readSections } from "../../../../host/kernel/btf/sections.js";
import { rawBtf, rawInt } from "../../../support/raw-btf.js";

const good = rawBtf([rawInt("int", 4)]);
const words = [1, 0x01000000, 4, 0x01000020];

function changed(offset: number, value: number): Buffer {
  const bytes = Buffer.from(good);
  bytes.writeUInt32LE(value, offset);
  return bytes;
}

describe("the sections of raw BTF", () => {
  it.each([true, false])("are read in either byte order (little-endian: %s)", (littleEndian) => {
    const sections = readSections(rawBtf([rawInt("int", 4)], { littleEndian }));
    expect(sections.littleEndian).toBe(littleEndian);
    expect(sections.layout).toHaveLength(0);
    expect(Array.from(sections.types)).toEqual(words);
    expect(Buffer.from(sections.strings).toString()).toBe("\0int\0");
  });

  it("are read where the file does not begin at a word of memory", () => {
    const shifted = Buffer.concat([Buffer.alloc(1), good]).subarray(1);
    expect(Array.from(readSections(shifted).types)).toEqual(words);
  });

  it("begin after a header of any length", () => {
    expect(Array.from(readSections(rawBtf([rawInt("int", 4)], { gap: 12 })).types)).toEqual(words);
    const { layout } = readSections(
      rawBtf([rawInt("int", 4)], {
        layout: [
          [0, 0],
          [4, 0],
        ],
      }),
    );
    expect(Array.from(layout)).toEqual([0, 0, 0, 0, 4, 0, 0, 0]);
  });

  it.each([
    ["nothing", Buffer.alloc(0), "it does not begin as BTF does"],
    ["another file", Buffer.from("#!/bin/sh\nexit 0\n# and more"), "it does not begin as BTF does"],
    ["half a header", good.subarray(0, 20), "its header ends too early"],
    [
      "another version",
      Buffer.concat([good.subarray(0, 2), Buffer.from([2]), good.subarray(3)]),
      "its version is 2",
    ],
    ["a short header", changed(4, 20), "its header has 20 bytes"],
    ["a header longer than the file", changed(4, 4096), "its header has 4096 bytes"],
    ["types outside", changed(12, 4096), "its types lie outside of it"],
    ["types far outside", changed(8, 0xfffffffc), "its types lie outside of it"],
    ["types that end within a word", changed(12, 15), "its types end within a word"],
    ["names outside", changed(20, 6), "its strings lie outside of it"],
    ["names without an end", changed(20, 4), "its last name has no end"],
  ])("are refused of %s", (_, file, reason) => {
    expect(() => readSections(file)).toThrow(reason);
    expect(() => readSections(file)).toThrow(expect.objectContaining({ code: "btf-corrupt", exitStatus: 7 }));
  });

  it("are looked for only in what begins as BTF does", () => {
    expect(looksLikeBtf(good)).toBe(true);
    expect(looksLikeBtf(rawBtf([], { littleEndian: false }))).toBe(true);
    expect(looksLikeBtf(Buffer.from("\x7fELF"))).toBe(false);
  });
});
