import { afterEach, describe, expect, it, vi } from "vitest";
import { bufferSource } from "../../../../host/formats/byte-source.js";
import { compressionOf } from "../../../../host/formats/compression/compression.js";
import { pipedThrough } from "../../../support/kernel-files.js";

async function decompress(compressed: Uint8Array, signal?: AbortSignal): Promise<Buffer> {
  const source = bufferSource(compressed);
  const parts: Uint8Array[] = [];
  for await (const part of compressionOf(source)?.decompress(source, signal) ?? []) parts.push(part);
  return Buffer.concat(parts);
}

/** Bytes that look like a kernel's: some repeat, near and far, and some do not. */
function bytesLikeCode(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  let state = 1;
  for (let at = 0; at < size; at += 1) {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    bytes[at] = at % 97 < 40 ? (state >> 16) & 0xff : (at >> 6) & 0x3f;
  }
  return bytes;
}

const large = bytesLikeCode(200_000);
/** More than a block of lz4's legacy format. */
const larger = Buffer.alloc(9 * 1024 * 1024, large);
const text = Buffer.from("the kernel ".repeat(20));
const contents: Readonly<Record<string, Buffer>> = {
  nothing: Buffer.alloc(0),
  "one byte": Buffer.from("x"),
  text,
  "one byte many times": Buffer.alloc(300_000, "a"),
  "more than a window": large,
};

/** Commands that compress standard input, and what their format is called. */
const commands: Readonly<Record<string, readonly [name: string, ...command: [string, ...string[]]]>> = {
  "gzip -9": ["gzip", "gzip", "-9"],
  xz: ["xz", "xz"],
  "xz as for modules": ["xz", "xz", "--check=crc32", "--lzma2=dict=1MiB"],
  "xz as for an x86 kernel": ["xz", "xz", "--check=crc32", "--x86", "--lzma2=dict=32MiB"],
  zstd: ["zstd", "zstd", "-3"],
  // The kernel's build says --ultra -22, whose window of 128 MiB is what matters to who decompresses.
  "zstd as for a kernel": ["zstd", "zstd", "--long=27"],
  lz4: ["lz4", "lz4", "-z"],
  "lz4 -9, blocks that refer to each other": ["lz4", "lz4", "-9", "-BD", "-B4"],
  "lz4 with checksums and size": ["lz4", "lz4", "-BX", "--content-size"],
  "lz4 -l": ["lz4", "lz4", "-l"],
  "lz4 -l -9": ["lz4", "lz4", "-l", "-9"],
};

describe.each(Object.entries(commands))("%s", (_, [name, program, ...options]) => {
  it("is decompressed to what was compressed", async () => {
    for (const [kind, content] of Object.entries(contents)) {
      const compressed = pipedThrough(content, program, ...options);
      expect(compressionOf(bufferSource(compressed))?.name).toBe(name);
      expect((await decompress(compressed)).equals(content), kind).toBe(true);
    }
  });

  it("is said to be damaged if it breaks off", async () => {
    const compressed = pipedThrough(text, program, ...options);
    await expect(decompress(compressed.subarray(0, -12))).rejects.toMatchObject({ code: "file-corrupt" });
  });
});

describe("what follows compressed data", () => {
  it("is read if it is another member of gzip", async () => {
    const members = [large, Buffer.alloc(0), Buffer.from("more")];
    const compressed = Buffer.concat(members.map((member) => pipedThrough(member, "gzip", "-c")));
    expect((await decompress(compressed)).equals(Buffer.concat(members))).toBe(true);
  });

  const tree = Buffer.from("d00dfeed00001000", "hex");
  it.each([
    ["gzip", "-9", large],
    ["xz", "--check=crc32", large],
    ["lz4", "-l", larger],
  ] as const)("is ignored after %s %s: a device tree, or a size", async (program, option, content) => {
    const compressed = pipedThrough(content, program, option);
    for (const rest of [tree, Buffer.alloc(4096)])
      expect((await decompress(Buffer.concat([compressed, rest]))).equals(content)).toBe(true);
  });

  it("is ignored after lz4 -l, if it is the size of what was compressed", async () => {
    const size = Buffer.alloc(4);
    size.writeUInt32LE(7_000_000);
    const compressed = pipedThrough(larger, "lz4", "-l");
    expect((await decompress(Buffer.concat([compressed, size]))).equals(larger)).toBe(true);
  });
});

describe("lz4 data that says what cannot be", () => {
  const legacy = (...block: number[]) => {
    const size = Buffer.alloc(4);
    size.writeUInt32LE(block.length);
    return Buffer.concat([Buffer.from("02214c18", "hex"), size, Buffer.from(block)]);
  };
  it.each(
    Object.entries({
      "a match before the beginning": legacy(0x10, 0x61, 2, 0, 0x10, 0x61),
      "a match of distance 0": legacy(0x10, 0x61, 0, 0, 0x10, 0x61),
      "more literals than there are": legacy(0x50, 0x61),
      "a length without an end": legacy(0xf0, 0xff, 0xff),
      "an end after a match": legacy(0x10, 0x61, 1, 0),
      "more than a block holds": legacy(0x1f, 0x61, 1, 0, ...Array(40_000).fill(0xff), 0, 0x10, 0x61),
      "a frame with a dictionary": Buffer.from("04224d186140000000000000", "hex"),
      "a frame of another version": Buffer.from("04224d18a040000000000000", "hex"),
      "a block larger than its frame allows": Buffer.from("04224d186040c0ffffff7f00000000", "hex"),
    }),
  )("%s", async (_, bytes) => {
    await expect(decompress(bytes)).rejects.toMatchObject({ code: "file-corrupt" });
  });
});

describe("decompressing", () => {
  afterEach(() => vi.unstubAllEnvs());

  it("stops when the signal aborts", async () => {
    for (const [, program, ...options] of Object.values(commands)) {
      const compressed = pipedThrough(text, program, ...options);
      const signal = AbortSignal.abort(new Error("enough"));
      await expect(decompress(compressed, signal)).rejects.toThrow("enough");
    }
  });

  it("needs no xz for a module, and names the package for an x86 kernel", async () => {
    const content = text;
    const module = pipedThrough(content, "xz", "--check=crc32", "--lzma2=dict=1MiB");
    const kernel = pipedThrough(content, "xz", "--check=crc32", "--x86", "--lzma2=dict=32MiB");
    vi.stubEnv("PATH", "/nowhere");
    expect(await decompress(module)).toEqual(content);
    await expect(decompress(kernel)).rejects.toMatchObject({
      code: "tool-missing",
      hint: "Install xz (Debian's package: xz-utils).",
    });
    await expect(decompress(module.subarray(0, -12))).rejects.toMatchObject({ code: "file-corrupt" });
  });

  it("needs zstd where Node has none, and names the package", async () => {
    const content = text;
    const compressed = pipedThrough(content, "zstd");
    vi.stubEnv("PATH", "/nowhere");
    const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
    if (major > 22 || (major === 22 && minor >= 15)) expect(await decompress(compressed)).toEqual(content);
    else
      await expect(decompress(compressed)).rejects.toMatchObject({
        code: "tool-missing",
        message: "zstd was not found",
        hint: "Install zstd (Debian's package: zstd), or use Node 22.15 or later.",
      });
  });
});

it("tells what is not compressed", () => {
  for (const start of ["", "\x1f\x8b", "MZ", "\x7fELF", "\xfd7zXZ"])
    expect(compressionOf(bufferSource(Buffer.from(start, "latin1")))).toBeUndefined();
});
