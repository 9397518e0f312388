import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { type ByteSource, bufferSource } from "../../../../host/formats/byte-source.js";
import { readImage } from "../../../../host/formats/kernel/image.js";
import { assembled } from "../../../support/kernel-files.js";
import { smallArchive } from "../../../support/small-archive.js";
import { xz } from "../../../support/xz.js";

const archive = smallArchive("6.1.57-android14-11-gabc");
const config = gzipSync("# Linux\nCONFIG_IKCONFIG=y\nCONFIG_IKHEADERS=y\n");
const banner =
  "Linux version 6.1.57-android14-11-gabc (build-user@build-host) (Android (10087095, +pgo) clang version 17.0.2 (https://x), LLD 17.0.2) #1 SMP PREEMPT Thu Jan  1 00:00:00 UTC 1970";
const stray = Buffer.from("\xfd7zXZ\0", "latin1");
const megabyte = 1024 * 1024;

function read(...parts: (Uint8Array | string)[]) {
  return readImage(bufferSource(Buffer.concat(parts.map((part) => Buffer.from(part)))), undefined);
}

function bytesOf(source: ByteSource | undefined): Buffer | undefined {
  return source === undefined ? undefined : Buffer.from(source.read(0, source.size));
}

describe("an image", () => {
  it("has an archive, whatever else begins as xz data does", async () => {
    const initramfs = xz(Buffer.alloc(50_000, "070701"));
    const broken = Buffer.from(archive);
    broken.fill(0, 100, 200);
    const { archive: found } = await read(
      stray,
      "x",
      initramfs,
      stray,
      stray,
      broken,
      "pad",
      archive,
      "tail",
      archive,
    );
    expect(bytesOf(found)?.equals(archive)).toBe(true);
    expect((await read(stray, initramfs, broken, "pad")).archive).toBeUndefined();
  });

  it("has it in several streams, as parallel compressors write", async () => {
    const streams = Buffer.concat([archive, xz(Buffer.alloc(10_240))]);
    expect(bytesOf((await read("a", streams, Buffer.alloc(64))).archive)?.equals(streams)).toBe(true);
  });

  it("has it wherever it lies", async () => {
    for (const offset of [megabyte - 3, megabyte, 2 * megabyte - archive.length, 3 * megabyte - 1])
      expect((await read(Buffer.alloc(offset), archive)).archive?.size, String(offset)).toBe(archive.length);
  });

  it("has it between the markers of the original patches", async () => {
    const { archive: found } = await read("IKHD_ST", "IKHD_ST", archive, "IKHD_ED", "IKHD_ED");
    expect(bytesOf(found)?.equals(archive)).toBe(true);
  });

  it("has a configuration between its markers, and not what stands between them by chance", async () => {
    const marked = ["IKCFG_ST", config, "IKCFG_ED"];
    expect((await read("a", ...marked)).config).toEqual(new Uint8Array(config));
    const other = [
      "IKCFG_ST",
      gzipSync("hello"),
      "IKCFG_ED",
      "IKCFG_ST and IKCFG_ED",
      "IKCFG_STIKCFG_ED",
      "IKCFG_ST",
    ];
    expect((await read(...other)).config).toBeUndefined();
    expect((await read(...other, ...marked)).config).toEqual(new Uint8Array(config));
    expect((await read("IKCFG_ST", Buffer.alloc(2 * megabyte), "IKCFG_ED")).config).toBeUndefined();
  });

  it("has a banner with release and version", async () => {
    const found = await read("Linux version \0", "%s version %s", banner, "\n\0");
    expect(found.banner).toEqual({
      text: banner,
      release: "6.1.57-android14-11-gabc",
      version: "#1 SMP PREEMPT Thu Jan  1 00:00:00 UTC 1970",
    });
  });

  it("has none if there are two, or it has no number as that of the build's first step", async () => {
    const other = banner.replace("6.1.57", "6.1.58");
    expect((await read(banner, "\n", other, "\n")).banner).toBeUndefined();
    expect((await read(banner, "\n", banner, "\n")).banner?.text).toBe(banner);
    expect((await read(banner, "\n", banner.replace("#1", "#"), "\n")).banner?.text).toBe(banner);
  });

  it("has the build-id that is in none of the programs in it", async () => {
    const note = (byte: number) =>
      Buffer.concat([
        Buffer.from("0400000014000000030000", "hex"),
        Buffer.from("00474e5500", "hex"),
        Buffer.alloc(20, byte),
      ]);
    const vdso = assembled(`.section .note,"a",@note\n.byte ${[...note(2)].join()}`);
    expect((await read("a", note(1), "b")).buildId).toBe("01".repeat(20));
    expect((await read("a", vdso, "b", note(1), vdso)).buildId).toBe("01".repeat(20));
    expect((await read("a", note(1), "\x7fELF", "b", note(3))).buildId).toBeUndefined();
    expect((await read("a", vdso)).buildId).toBeUndefined();
    expect((await read(note(1).subarray(0, 30))).buildId).toBeUndefined();
  });

  it("has its BTF, the largest that is one", async () => {
    const btf = (types: number, strings: number, end = 0) => {
      const header = Buffer.from("9feb010018000000", "hex");
      const sizes = Buffer.from(Uint32Array.of(0, types, types, strings).buffer);
      const text = Buffer.alloc(strings, "n");
      text[0] = 0;
      text[strings - 1] = end;
      return Buffer.concat([header, sizes, Buffer.alloc(types, 1), text]);
    };
    const large = btf(1000, 500);
    const found = await read(
      "a",
      btf(10, 10),
      large,
      btf(5000, 500, 1),
      btf(20, 20),
      btf(90_000, 9).subarray(0, 50_000),
    );
    expect(bytesOf(found.btf)?.equals(large)).toBe(true);
    expect((await read(btf(10, 10, 1))).btf).toBeUndefined();
  });
});

describe("a hostile image", () => {
  it("is refused if it holds far too many of the marks", async () => {
    for (const mark of ["\xfd7zXZ\0", "IKCFG_ST", "Linux version "])
      await expect(read(Buffer.from(mark.repeat(20_000), "latin1"))).rejects.toMatchObject({
        code: "file-refused",
      });
  });

  it("is refused if it holds far too many xz streams", async () => {
    const header = archive.subarray(0, 12);
    await expect(read(...Array.from({ length: 100 }, () => header))).rejects.toMatchObject({
      code: "file-refused",
      message: "The file is refused: the number of its xz streams is over the limit of 64 streams.",
    });
  });

  it("stops when the signal aborts", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(readImage(bufferSource(archive), signal)).rejects.toThrow("enough");
  });
});
