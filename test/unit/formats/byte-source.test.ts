import { execFileSync } from "node:child_process";
import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  type ByteSource,
  bufferSource,
  fileSource,
  maxReadBytes,
  slice,
  sourceChunks,
} from "../../../host/formats/byte-source.js";
import { temporaryFolder } from "../../support/cache-fixture.js";

const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * 7 + (index >> 8)) & 0xff));

function fileWith(content: Uint8Array): string {
  const path = join(temporaryFolder(), "file");
  writeFileSync(path, content);
  return path;
}

const sources: Readonly<Record<string, () => ByteSource>> = {
  "a file": () => fileSource(fileWith(bytes)),
  "a buffer": () => bufferSource(bytes),
  "a part of a file": () =>
    slice(fileSource(fileWith(Buffer.concat([bytes, bytes]))), bytes.length, bytes.length),
  "a part of a part": () =>
    slice(slice(bufferSource(Buffer.concat([bytes, bytes])), 1, 399_000), 199_999, 199_000),
};

describe.each(Object.entries(sources))("%s", (_, open) => {
  it("gives the bytes at each place, in any order", () => {
    const source = open();
    const places: [number, number][] = [
      [0, 4],
      [150_000, 2_000],
      [65_530, 20],
      [10, 100_000],
      [source.size - 5, 5],
      [source.size, 0],
    ];
    for (const [offset, length] of places)
      expect(bytes.subarray(offset, offset + length).equals(source.read(offset, length))).toBe(true);
  });

  it("refuses what lies outside, and numbers that are none", () => {
    const source = open();
    const outside: [number, number][] = [
      [source.size, 1],
      [source.size - 1, 2],
      [-1, 1],
      [0, -1],
      [2 ** 60, 1],
      [0, Number.NaN],
      [0.5, 1],
    ];
    for (const [offset, length] of outside) {
      expect(() => source.read(offset, length), `${offset} ${length}`).toThrow(
        expect.objectContaining({ code: "file-corrupt" }),
      );
      expect(() => slice(source, offset, length)).toThrow(expect.objectContaining({ code: "file-corrupt" }));
    }
  });

  it("comes in chunks", async () => {
    const source = open();
    const chunks: Uint8Array[] = [];
    for await (const chunk of sourceChunks(source)) chunks.push(chunk);
    expect(Buffer.concat(chunks).equals(bytes.subarray(0, source.size))).toBe(true);
  });
});

describe("a source", () => {
  it("gives no more than fits into memory at once", () => {
    const path = fileWith(Buffer.alloc(0));
    truncateSync(path, 2 ** 40);
    const source = fileSource(path);
    expect(source.size).toBe(2 ** 40);
    expect(source.read(2 ** 40 - 10, 10)).toHaveLength(10);
    expect(() => source.read(0, maxReadBytes + 1)).toThrow(expect.objectContaining({ code: "file-refused" }));
    source.close();
  });

  it("says when the file becomes shorter", () => {
    const path = fileWith(bytes);
    const source = fileSource(path);
    truncateSync(path, 10);
    expect(() => source.read(100_000, 10)).toThrow("it became shorter while it was read");
    source.close();
  });

  it("is a regular file", () => {
    const fifo = join(temporaryFolder(), "fifo");
    execFileSync("mkfifo", [fifo]);
    for (const path of [fifo, "/dev/zero", temporaryFolder()])
      expect(() => fileSource(path)).toThrow(expect.objectContaining({ code: "file-refused" }));
    expect(() => fileSource(join(temporaryFolder(), "missing"))).toThrow("ENOENT");
  });

  it("may be closed twice, and is not read afterwards", () => {
    const source = fileSource(fileWith(bytes));
    source.close();
    source.close();
    expect(() => source.read(0, 10)).toThrow("closed");
  });

  it("stops when the signal aborts", async () => {
    const controller = new AbortController();
    const chunks = sourceChunks(bufferSource(Buffer.alloc(3 * 1024 * 1024)), controller.signal);
    await chunks.next();
    controller.abort(new Error("enough"));
    await expect(chunks.next()).rejects.toThrow("enough");
  });
});
