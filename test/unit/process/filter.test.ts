import { describe, expect, it } from "vitest";
import { filter } from "../../../host/process/filter.js";

const options = {
  signal: undefined,
  hint: "Install it.",
  failed: (status: number) => new Error(`status ${status}`),
};

async function* pieces(count: number): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < count; index += 1) yield Buffer.alloc(64 * 1024, "a");
}

async function sizeOf(chunks: AsyncIterable<Uint8Array>): Promise<number> {
  let size = 0;
  for await (const chunk of chunks) size += chunk.length;
  return size;
}

describe("a filter", () => {
  it("gives what the program makes of its input", async () => {
    expect(await sizeOf(filter(pieces(100), "cat", [], options))).toBe(100 * 64 * 1024);
    expect(await sizeOf(filter(pieces(100), "head", ["-c", "10"], options))).toBe(10);
    expect(await sizeOf(filter(pieces(0), "cat", [], options))).toBe(0);
  });

  it("throws by the program's status, whatever it had read", async () => {
    await expect(sizeOf(filter(pieces(100), "sh", ["-c", "exit 3"], options))).rejects.toThrow("status 3");
    await expect(sizeOf(filter(pieces(3), "sh", ["-c", "cat; exit 4"], options))).rejects.toThrow("status 4");
    await expect(sizeOf(filter(pieces(3), "sh", ["-c", "kill -9 $$"], options))).rejects.toThrow(
      "status 137",
    );
  });

  it("throws the input's error", async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.from("a");
      throw new Error("the file is gone");
    }
    await expect(sizeOf(filter(broken(), "cat", [], options))).rejects.toThrow("the file is gone");
  });

  it("says what is not installed", async () => {
    await expect(sizeOf(filter(pieces(1), "no-such-program", [], options))).rejects.toMatchObject({
      code: "tool-missing",
      // "or is not executable" if a folder in PATH may not be searched.
      message: expect.stringMatching(/^no-such-program was not found/),
      hint: "Install it.",
    });
  });

  it("ends the program, and closes the input, if nobody wants the rest", async () => {
    let closed = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield Buffer.alloc(64 * 1024);
      } finally {
        closed = true;
      }
    }
    for await (const _ of filter(endless(), "cat", [], options)) break;
    expect(closed).toBe(true);
  });

  it("ends the program when the signal aborts", async () => {
    const controller = new AbortController();
    const started = sizeOf(filter(pieces(1), "sleep", ["1000"], { ...options, signal: controller.signal }));
    setTimeout(() => controller.abort(new Error("enough")), 50);
    await expect(started).rejects.toThrow("enough");
  });
});
