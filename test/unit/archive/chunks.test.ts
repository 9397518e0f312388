import { execFileSync } from "node:child_process";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { chunksOf } from "../../../host/archive/chunks.js";
import { temporaryFolder } from "../../support/cache-fixture.js";

async function sizesOf(file: string, signal?: AbortSignal): Promise<number[]> {
  const sizes: number[] = [];
  for await (const chunk of chunksOf(file, signal)) sizes.push(chunk.length);
  return sizes;
}

describe("the chunks of a file", () => {
  let file: string;
  beforeEach(() => {
    file = join(temporaryFolder(), "file");
  });

  it("have a megabyte at most", async () => {
    writeFileSync(file, Buffer.alloc(2_500_000));
    expect(await sizesOf(file)).toEqual([1_048_576, 1_048_576, 402_848]);
    writeFileSync(file, "");
    expect(await sizesOf(file)).toEqual([]);
  });

  it("end where the file ended at first, though it grows", async () => {
    writeFileSync(file, "1234");
    let bytes = 0;
    for await (const chunk of chunksOf(file, undefined)) {
      bytes += chunk.length;
      appendFileSync(file, "5678");
    }
    expect(bytes).toBe(4);
  });

  it("stop when the signal aborts", async () => {
    writeFileSync(file, Buffer.alloc(2_500_000));
    const controller = new AbortController();
    const chunks = chunksOf(file, controller.signal);
    await chunks.next();
    controller.abort(new Error("enough"));
    await expect(chunks.next()).rejects.toThrow("enough");
  });

  it.each(["a FIFO", "a device", "a folder"])(
    "are not waited for if %s is in the file's place",
    async (what) => {
      const fifo = join(temporaryFolder(), "fifo");
      execFileSync("mkfifo", [fifo]);
      const path = { "a FIFO": fifo, "a device": "/dev/zero", "a folder": temporaryFolder() }[what] ?? "";
      await expect(sizesOf(path)).rejects.toMatchObject({
        code: "archive-refused",
        message: expect.stringContaining("is not a regular file"),
      });
    },
  );

  it("are not made up if there is no file", async () => {
    await expect(sizesOf(join(temporaryFolder(), "none"))).rejects.toMatchObject({ code: "ENOENT" });
  });
});
