import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bufferSource, fileSource, slice } from "../../host/formats/byte-source.js";
import { bzImage } from "../../host/formats/containers/bz-image.js";
import type { KernelFileContents } from "../../host/formats/contents.js";
import { readImage } from "../../host/formats/kernel/image.js";
import { readKernelFile } from "../../host/formats/kernel-file.js";
import { labModules, type StockKernel, stockKernel } from "../lab/index.js";
import { bootImageFile, bzImageFile, changedBy, pipedThrough, zbootFile } from "../support/kernel-files.js";
import { xz } from "../support/xz.js";

const config = gzipSync("CONFIG_IKCONFIG=y\nCONFIG_IKHEADERS=y\n");
let folder: string;
let archive: Buffer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "kheaders-kernel-files-"));
  archive = readFileSync((await labModules()).archive);
});

afterAll(() => rmSync(folder, { recursive: true }));

/** What is in a file, without where it lies. */
interface Found extends Omit<KernelFileContents, "archive" | "btf"> {
  readonly isArchive: boolean;
  readonly btfBytes: number | undefined;
}

async function read(content: Uint8Array | string): Promise<Found | undefined> {
  const path = typeof content === "string" ? content : join(folder, "file");
  if (typeof content !== "string") writeFileSync(path, content);
  const source = fileSource(path);
  const contents = await readKernelFile(source, { scratch: folder });
  try {
    if (contents === undefined) return undefined;
    const { archive: found, btf, close, ...rest } = contents;
    const isArchive = found !== undefined && archive.equals(found.read(0, found.size));
    return { ...rest, isArchive, btfBytes: btf?.size };
  } finally {
    contents?.close();
    source.close();
  }
}

/** What a build puts into an image, among bytes that look like it. */
function builtIn(): Buffer {
  const stray = Buffer.from("\xfd7zXZ\0", "latin1");
  const initramfs = xz(Buffer.alloc(100_000, "070701"), "--check=crc32");
  const parts = [
    stray,
    "IKCFG_ST",
    stray,
    initramfs,
    "IKCFG_ST",
    config,
    "IKCFG_ED",
    stray,
    archive,
    "\0\0",
    stray,
  ];
  return Buffer.concat(parts.map((part) => Buffer.from(part)));
}

function gzip(content: Uint8Array): Buffer {
  return pipedThrough(content, "gzip", "-1", "-c");
}

function lz4(content: Uint8Array): Buffer {
  return pipedThrough(content, "lz4", "-l");
}

describe("the stock arm64 kernel", () => {
  let kernel: StockKernel;
  let image: Buffer;
  let stock: Found | undefined;

  beforeAll(async () => {
    kernel = await stockKernel("arm64");
    const bytes = readFileSync(kernel.image);
    image = Buffer.concat([bytes, builtIn()]);
    stock = await read(kernel.image);
  });

  it("tells its release, version, build-id and BTF, and has no headers", () => {
    expect(stock).toMatchObject({
      formats: ["arm64 Image"],
      release: kernel.release,
      version: expect.stringContaining(kernel.packageVersion),
      machine: "aarch64",
      buildId: expect.stringMatching(/^[0-9a-f]{40}$/),
      isArchive: false,
    });
    expect(stock?.btfBytes).toBeGreaterThan(1024 * 1024);
  });

  it("with headers built in gives them in every form", async () => {
    const tree = Buffer.from("d00dfeed00001000", "hex");
    const inGzip = gzip(image);
    const inLz4 = lz4(image);
    const forms: [string, Buffer, string[]][] = [
      ["Image", image, []],
      ["Image.gz-dtb", Buffer.concat([inGzip, tree]), ["gzip"]],
      ["Image.lz4", inLz4, ["lz4"]],
      ["lz4 frame", pipedThrough(image, "lz4", "-z"), ["lz4"]],
      ["vmlinuz.efi, gzip", zbootFile(inGzip), ["EFI zboot", "gzip"]],
      ["vmlinuz.efi, zstd", zbootFile(pipedThrough(image, "zstd", "-1")), ["EFI zboot", "zstd"]],
      ["boot.img v4", bootImageFile(4, inLz4), ["boot image v4", "lz4"]],
    ];
    for (const version of [0, 1, 2, 3]) {
      const kernelFile = join(folder, "kernel");
      writeFileSync(kernelFile, version === 2 ? image : inGzip);
      const made = join(folder, "boot.img");
      const dtb = version === 2 ? ["--dtb", kernelFile] : [];
      execFileSync("mkbootimg", [
        "--header_version",
        `${version}`,
        "--kernel",
        kernelFile,
        ...dtb,
        "-o",
        made,
      ]);
      const inner = version === 2 ? [] : ["gzip"];
      forms.push([`boot.img v${version}`, readFileSync(made), [`boot image v${version}`, ...inner]]);
    }
    for (const [name, content, outer] of forms) {
      const found = await read(content);
      const { formats, isArchive, config: _, ...rest } = { ...stock, config: undefined };
      expect(found, name).toMatchObject({ ...rest, formats: [...outer, "arm64 Image"], isArchive: true });
      expect(config.equals(found?.config ?? Buffer.alloc(0)), name).toBe(true);
    }
  });
});

describe("the stock x86_64 kernel", () => {
  let kernel: StockKernel;
  let vmlinux: Buffer;
  let stock: Found | undefined;

  beforeAll(async () => {
    kernel = await stockKernel("x86_64");
    stock = await read(kernel.image);
    const payload = bzImage.open(bufferSource(readFileSync(kernel.image))).kernel;
    vmlinux = pipedThrough(payload.read(0, payload.size), "lz4", "-dc");
  });

  it("tells its release, version, build-id and BTF, and has no headers", async () => {
    expect(stock).toMatchObject({
      formats: ["bzImage", "lz4", "vmlinux"],
      release: kernel.release,
      version: expect.stringContaining(kernel.packageVersion),
      machine: "x86_64",
      buildId: expect.stringMatching(/^[0-9a-f]{40}$/),
      isArchive: false,
    });
    expect(await read(vmlinux)).toEqual({ ...stock, formats: ["vmlinux"] });
  });

  it("has the same build-id and BTF for one who looks at its bytes alone, its vdso among them", async () => {
    const { buildId, btf } = await readImage(
      slice(bufferSource(vmlinux), 4096, vmlinux.length - 4096),
      undefined,
    );
    expect({ buildId, btfBytes: btf?.size }).toEqual({ buildId: stock?.buildId, btfBytes: stock?.btfBytes });
  });

  it("with headers built in gives them as vmlinux and in every compression of a bzImage", async () => {
    const added = join(folder, "built-in");
    writeFileSync(added, builtIn());
    const flags = ["--set-section-flags", ".rodata.more=alloc,readonly,data,contents"];
    const linked = changedBy(vmlinux, "objcopy", "--add-section", `.rodata.more=${added}`, ...flags);
    const size = Buffer.alloc(4);
    size.writeUInt32LE(linked.length);
    const withSize = (payload: Uint8Array) => bzImageFile(Buffer.concat([payload, size]));
    const forms: [Buffer, string[]][] = [
      [linked, []],
      [bzImageFile(gzip(linked)), ["bzImage", "gzip"]],
      [withSize(lz4(linked)), ["bzImage", "lz4"]],
      [withSize(pipedThrough(linked, "zstd", "-1")), ["bzImage", "zstd"]],
      [withSize(xz(linked, "-0", "--check=crc32", "--x86", "--lzma2=preset=0")), ["bzImage", "xz"]],
    ];
    for (const [content, outer] of forms) {
      const found = await read(content);
      expect(found).toMatchObject({
        ...stock,
        formats: [...outer, "vmlinux"],
        isArchive: true,
        config: expect.anything(),
      });
    }
  });
});

describe("a kheaders.ko", () => {
  it.each(["x86_64", "arm64"] as const)("of %s gives the archive in every form", async (architecture) => {
    const modules = await labModules(architecture);
    const { release, signFile } = await stockKernel(architecture);
    archive = readFileSync(modules.archive);
    const module = readFileSync(modules.kheaders);
    const stripped = changedBy(module, "llvm-strip", "--strip-all");
    const asInstalled = signed(module, signFile);
    const forms: [string, Buffer, string[]][] = [
      ["as built", module, []],
      ["stripped of debug information", changedBy(module, "llvm-strip", "--strip-debug"), []],
      ["stripped", stripped, []],
      ["signed", asInstalled, []],
      ["signed and stripped", signed(stripped, signFile), []],
      [".gz", gzip(asInstalled), ["gzip"]],
      [".xz", xz(module, "--check=crc32", "--lzma2=dict=1MiB,preset=0"), ["xz"]],
      [".zst", pipedThrough(stripped, "zstd"), ["zstd"]],
      [".lz4", pipedThrough(module, "lz4", "-z"), ["lz4"]],
    ];
    if (architecture === "x86_64")
      forms.push(["by strip", changedBy(module, "strip", "--strip-unneeded"), []]);
    for (const [name, content, outer] of forms)
      expect(await read(content), name).toMatchObject({
        formats: [...outer, "kheaders.ko"],
        release,
        isArchive: true,
      });
  });
});

/** A module with a signature behind it, as the kernel's build signs one. */
function signed(module: Buffer, signFile: string): Buffer {
  const key = join(folder, "key.pem");
  const options = ["-new", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test", "-batch"];
  execFileSync("openssl", ["req", ...options, "-keyout", key, "-out", key], { stdio: "pipe" });
  const bytes = changedBy(module, signFile, "sha256", key, key);
  expect(bytes.toString("latin1", bytes.length - 28)).toBe("~Module signature appended~\n");
  return bytes;
}
