import { describe, expect, it } from "vitest";
import { archiveLimits } from "../../../../host/archive/limits.js";
import { XzStructure } from "../../../../host/archive/xz/structure.js";
import { xz } from "../../../support/xz.js";

const text = Buffer.from("#define A 1\n".repeat(20_000));

/** Walks through a file in pieces. Gives what it says that it unpacks to. */
function walk(file: Uint8Array, options: { size?: number; unpackedBytes?: number } = {}): number {
  return walked(file, options).unpackedBytes;
}

function walked(file: Uint8Array, options: { size?: number; unpackedBytes?: number } = {}): XzStructure {
  const { size = 1_000, unpackedBytes = archiveLimits.unpackedBytes } = options;
  const structure = new XzStructure({ limits: { ...archiveLimits, unpackedBytes } });
  for (let at = 0; at < file.length; at += size) structure.push(file.subarray(at, at + size));
  structure.end();
  return structure;
}

describe("the structure of an xz file", () => {
  it.each([[], ["--check=crc32"], ["--block-size=65536"], ["-T2", "--block-size=65536"]])(
    "tells the size of its content: %s",
    (...options) => {
      const file = xz(text, ...options);
      for (const size of [1, 7, 65_536]) expect(walk(file, { size })).toBe(text.length);
    },
  );

  it("may have several streams, with padding", () => {
    expect(walk(Buffer.concat([xz(text), Buffer.alloc(8), xz(text)]))).toBe(2 * text.length);
  });

  it("tells whether each stream has a check", () => {
    const unchecked = xz(text, "--check=none");
    expect(walked(unchecked)).toMatchObject({ isChecked: false, unpackedBytes: text.length });
    expect(walked(Buffer.concat([xz(text), unchecked])).isChecked).toBe(false);
    expect(walked(Buffer.concat([xz(text), xz(text, "--check=crc32")])).isChecked).toBe(true);
  });

  it("is refused before the decoder has to unpack more than the limit", () => {
    expect(() => walk(xz(text), { unpackedBytes: text.length - 1 })).toThrow(
      "its unpacked size is over the limit",
    );
  });

  it("is damaged if it is empty, cut short or goes on", () => {
    const file = xz(text);
    expect(() => walk(Buffer.alloc(0))).toThrow("it is empty");
    expect(() => walk(file.subarray(0, -1))).toThrow(`breaks off after ${file.length - 1} bytes`);
    expect(() => walk(Buffer.concat([file, Buffer.from("more")]))).toThrow("something follows the end");
  });

  it("tells where the last whole stream ends, though something else follows", () => {
    const [one, two] = [xz(text), xz(Buffer.from("more"))];
    for (const rest of ["something else", Buffer.alloc(5), one.subarray(0, 100), ""]) {
      const structure = new XzStructure({ limits: archiveLimits });
      const file = Buffer.concat([one, two, Buffer.from(rest)]);
      try {
        structure.push(file);
      } catch {
        // It is what follows that is refused.
      }
      expect(structure.wholeBytes).toBe(one.length + two.length);
    }
  });
});
