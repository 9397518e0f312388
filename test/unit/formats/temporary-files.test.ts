import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { TemporaryFiles } from "../../../host/formats/temporary-files.js";
import { temporaryFolder } from "../../support/cache-fixture.js";
import { inPieces } from "../../support/xz.js";

const limits = { unpackedBytes: 100_000, allUnpackedBytes: 150_000 };
const bytes = Buffer.alloc(100_000, "bytes");

describe("a temporary file", () => {
  it("holds what came, and has no name", async () => {
    const folder = temporaryFolder();
    const files = new TemporaryFiles(folder, limits);
    const file = await files.keep(inPieces(bytes, 999));
    expect(readdirSync(folder)).toEqual([]);
    expect(bytes.equals(file.read(0, file.size))).toBe(true);
    files.close();
    expect(() => file.read(0, 1)).toThrow("closed");
  });

  it("is ended at the limit, of one and of all", async () => {
    const files = new TemporaryFiles(temporaryFolder(), limits);
    await expect(files.keep(inPieces(Buffer.concat([bytes, bytes]), 999))).rejects.toMatchObject({
      code: "file-refused",
      message: "The file is refused: what it holds, decompressed, is over the limit of 100,000 bytes.",
    });
    await expect(files.keep(inPieces(bytes, 999))).rejects.toMatchObject({
      message: "The file is refused: all that it holds, decompressed, is over the limit of 150,000 bytes.",
    });
    files.close();
  });

  it("passes on the error of what comes", async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield bytes;
      throw new Error("the device is gone");
    }
    const files = new TemporaryFiles(temporaryFolder(), limits);
    await expect(files.keep(broken())).rejects.toThrow("the device is gone");
    await expect(
      new TemporaryFiles(join(temporaryFolder(), "missing"), limits).keep(broken()),
    ).rejects.toThrow("ENOENT");
  });
});
