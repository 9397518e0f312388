import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fileBytes, LazyFile, partOf } from "../../../../host/kernel/btf/file-bytes.js";

let folder: string;
let path: string;
const content = Buffer.from(Uint8Array.from({ length: 600_001 }, (_, at) => 1 + (at % 251)));
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kheaders-file-bytes-"));
  path = join(folder, "file");
  writeFileSync(path, content);
});
afterAll(() => rmSync(folder, { recursive: true }));

function withFile(work: (file: LazyFile) => void): void {
  const file = new LazyFile(path);
  try {
    work(file);
  } finally {
    file.close();
  }
}

describe("a file that is read as far as it is needed", () => {
  it("has what was needed, and zeros far from it", () =>
    withFile((file) => {
      expect(file.all).toHaveLength(content.length);
      file.need(100_000, 300_000);
      expect(content.equals(file.all)).toBe(false);
      expect(content.subarray(100_000, 300_000).equals(file.all.subarray(100_000, 300_000))).toBe(true);
      expect(file.all[0]).toBe(0);
      file.need(0, content.length + 1_000_000);
      expect(content.equals(file.all)).toBe(true);
    }));

  it("is gone through in pieces, each with the beginning of the next", () =>
    withFile((file) => {
      const found: Buffer[] = [];
      for (const { at, length, bytes } of partOf(file, file.all.subarray(5)).pieces(0, 600_000 - 4, 3)) {
        expect(content.subarray(5 + at, 5 + at + bytes.length).equals(bytes)).toBe(true);
        expect(bytes.length).toBe(Math.min(length + 3, 600_000 - 4 - at));
        found.push(Buffer.from(bytes.subarray(0, length)));
      }
      expect(Buffer.concat(found).equals(content.subarray(5, 600_001))).toBe(true);
    }));

  it("has zeros where it became shorter meanwhile", () =>
    withFile((file) => {
      truncateSync(path, 10);
      file.need(0, content.length);
      expect(file.all.subarray(0, 12)).toEqual(Uint8Array.from([...content.subarray(0, 10), 0, 0]));
      for (const { bytes } of file.pieces(0, 12, 0)) expect(bytes.subarray(10)).toEqual(new Uint8Array(2));
    }));
});

describe("bytes in memory", () => {
  it("are one piece", () => {
    const part = content.subarray(7, 1_000);
    const pieces = [...fileBytes(part).pieces(3, 500, 4)];
    expect(pieces.map(({ at, length }) => ({ at, length }))).toEqual([{ at: 0, length: 497 }]);
  });
});
