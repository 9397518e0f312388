import { describe, expect, it } from "vitest";
import { type StepParser, StepReader } from "../../../host/archive/steps.js";

/** A length and so many bytes, again and again; what is at `skipped` is dropped. */
function* records(found: (text: string) => void): StepParser {
  for (;;) {
    const [length = 0] = yield { bytes: 1, mayEnd: true };
    found(Buffer.from(yield { bytes: length }).toString());
    yield { bytes: 2, skip: true };
  }
}

describe("a parser in steps", () => {
  it("gets just what it asks for, however the input comes", () => {
    const input = Buffer.from("\x03abc--\x00--\x01d--", "latin1");
    for (let size = 1; size <= input.length; size += 1) {
      const found: string[] = [];
      const reader = new StepReader(records((text) => found.push(text)));
      for (let at = 0; at < input.length; at += size) reader.push(input.subarray(at, at + size));
      expect(found).toEqual(["abc", "", "d"]);
      expect(reader.complete).toBe(true);
    }
  });

  it("is complete only where the input may end", () => {
    const reader = new StepReader(records(() => undefined));
    expect(reader.complete).toBe(true);
    for (const byte of [2, 0x61, 0x62, 0x2d]) {
      reader.push(Uint8Array.of(byte));
      expect(reader.complete).toBe(false);
    }
    reader.push(Uint8Array.of(0x2d));
    expect(reader.complete).toBe(true);
  });

  it("is not used again after it threw", () => {
    const reader = new StepReader(
      records(() => {
        throw new Error("wrong");
      }),
    );
    expect(() => reader.push(Uint8Array.of(0))).toThrow("wrong");
    expect(() => reader.push(Uint8Array.of(0))).toThrow(expect.objectContaining({ code: "internal-error" }));
  });
});
