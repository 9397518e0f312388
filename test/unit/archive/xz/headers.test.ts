import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import {
  dictionarySize,
  filterName,
  readBlockHeader,
  readStreamHeader,
} from "../../../../host/archive/xz/headers.js";
import { xz } from "../../../support/xz.js";

const text = Buffer.from("#define A 1\n");

describe("a stream header", () => {
  it.each([
    ["none", 0],
    ["crc32", 1],
    ["crc64", 4],
    ["sha256", 10],
  ])("tells the check %s", (check, number) => {
    expect(readStreamHeader(xz(text, `--check=${check}`).subarray(0, 12))).toBe(number);
  });

  it("that is another format's, or was changed, is damage", () => {
    expect(() => readStreamHeader(Buffer.from("1f8b0800000000000000", "hex"))).toThrow(
      "it is gzip data, not xz",
    );
    expect(() => readStreamHeader(Buffer.from("text text text"))).toThrow("it is not xz data");
    const changed = Buffer.from(xz(text).subarray(0, 12));
    changed[7] = 1;
    expect(() => readStreamHeader(changed)).toThrow("the header of the xz data is wrong");
  });
});

describe("a block header", () => {
  it("tells its filters, whether it has sizes or not", () => {
    const dictionary = "--lzma2=dict=1MiB";
    for (const options of [[dictionary], ["-T2", dictionary]]) {
      const file = xz(text, ...options);
      const [filter, ...more] = readBlockHeader(file.subarray(12, 12 + ((file[12] ?? 0) + 1) * 4));
      expect(more).toEqual([]);
      expect(filter?.id).toBe(0x21);
      expect(dictionarySize(filter?.properties ?? new Uint8Array())).toBe(2 ** 20);
    }
  });

  it("whose fields run over its end is damage", () => {
    const header = Buffer.alloc(8, 0xff);
    header[1] = 0;
    header.writeUInt32LE(crc32(header.subarray(0, 4)), 4);
    expect(() => readBlockHeader(header)).toThrow("a block header of the xz data is wrong");
  });
});

it("dictionaries have sizes from 4 KiB to 4 GiB", () => {
  expect([0, 1, 2, 39, 40].map((bits) => dictionarySize(Uint8Array.of(bits)))).toEqual([
    4_096,
    6_144,
    8_192,
    3 * 2 ** 30,
    2 ** 32 - 1,
  ]);
  for (const properties of [[41], [], [0, 0]])
    expect(() => dictionarySize(Uint8Array.from(properties))).toThrow();
});

it("filters have names", () => {
  expect([0x03, 0x0a, 0x99].map(filterName)).toEqual(["Delta", "BCJ ARM64", "0x99"]);
});
