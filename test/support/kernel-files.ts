import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * A `kheaders.ko` as Linux kernel/kheaders.c makes one, for any machine: an object file with the archive in its read-only data
 * between two symbols, and with `.modinfo`. clang assembles it.
 */
export function kheadersModule(
  archive: Uint8Array,
  options: { target?: string; name?: string; markers?: boolean; before?: string } = {},
): Buffer {
  const { target = "x86_64-linux-gnu", name = "kheaders", markers = false, before = "" } = options;
  const marker = (text: string) => (markers ? `.ascii "${text}"` : "");
  const source = `
      .section .rodata, "a"
      ${before}
      ${marker("IKHD_ST")}
      .globl kernel_headers_data
    kernel_headers_data:
      .incbin "included"
      .globl kernel_headers_data_end
    kernel_headers_data_end:
      ${marker("IKHD_ED")}
      .asciz "kheaders.tar.xz"
      .section .modinfo, "a"
      .asciz "license=GPL v2"
      ${name === "" ? "" : `.asciz "name=${name}"`}
      .asciz "vermagic=6.1.57-android14-11-gabc SMP preempt mod_unload aarch64"
    `;
  return assembled(source, [`--target=${target}`], archive);
}

/**
 * What clang makes of assembler: an object file. The source names the file that it includes with `.incbin` as `included`.
 * The same is assembled once in a process.
 */
export function assembled(
  source: string,
  options: readonly string[] = [],
  included: Uint8Array = Buffer.alloc(0),
): Buffer {
  const key = createHash("sha256")
    .update(JSON.stringify([source, options]))
    .update(included)
    .digest("hex");
  const object = objects.get(key) ?? assemble(source, options, included);
  objects.set(key, object);
  return Buffer.from(object);
}

const objects = new Map<string, Buffer>();

function assemble(source: string, options: readonly string[], included: Uint8Array): Buffer {
  return withFolder((folder) => {
    writeFileSync(join(folder, "source.s"), source);
    writeFileSync(join(folder, "included"), included);
    execFileSync("clang", [...options, "-c", "source.s", "-o", "object.o"], { cwd: folder });
    return readFileSync(join(folder, "object.o"));
  });
}

/** What a program that changes a file in place, the last of its arguments, makes of it. */
export function changedBy(content: Uint8Array, program: string, ...options: string[]): Buffer {
  return withFolder((folder) => {
    const path = join(folder, "file");
    writeFileSync(path, content);
    execFileSync(program, [...options, path]);
    return readFileSync(path);
  });
}

function withFolder(work: (folder: string) => Buffer): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "kheaders-files-"));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What a program that reads standard input makes of it. */
export function pipedThrough(content: Uint8Array, program: string, ...options: string[]): Buffer {
  return execFileSync(program, options, {
    input: content,
    maxBuffer: 1024 * 1024 * 1024,
    stdio: ["pipe", "pipe", "pipe"],
  });
}

/** A boot image as mkbootimg writes one of any version, by hand (AOSP system/tools/mkbootimg, include/bootimg/bootimg.h). */
export function bootImageFile(version: number, kernel: Uint8Array): Buffer {
  const isOld = version < 3;
  const page = isOld ? 2048 : 4096;
  const header = Buffer.alloc(page);
  header.write("ANDROID!");
  header.writeUInt32LE(kernel.length, 8);
  header.writeUInt32LE(isOld ? page : 0, 0x24);
  // From version 3 on the header says its own size.
  if (!isOld) header.writeUInt32LE(version === 3 ? 1580 : 1584, 20);
  header.writeUInt32LE(version, 0x28);
  return Buffer.concat([header, kernel, Buffer.alloc((page - (kernel.length % page)) % page)]);
}

const setupBytes = 1024;

/** The beginning of a bzImage around a payload, which ends with the size of what it holds, as the build leaves it. */
export function bzImageFile(payload: Uint8Array): Buffer {
  const setup = Buffer.alloc(setupBytes + 64);
  setup.writeUInt8(setupBytes / 512 - 1, 0x1f1);
  setup.writeUInt16LE(0xaa55, 0x1fe);
  setup.write("HdrS", 0x202);
  setup.writeUInt16LE(0x020f, 0x206);
  setup.writeUInt32LE(setup.length - setupBytes, 0x248);
  setup.writeUInt32LE(payload.length, 0x24c);
  return Buffer.concat([setup, payload, Buffer.from("what follows")]);
}

/** An EFI zboot image around a payload. */
export function zbootFile(payload: Uint8Array): Buffer {
  const header = Buffer.alloc(4096);
  header.write("MZ");
  header.write("zimg", 4);
  header.writeUInt32LE(header.length, 8);
  header.writeUInt32LE(payload.length, 12);
  header.write("gzip", 24);
  return Buffer.concat([header, payload, Buffer.from("what follows")]);
}

/** What is at an arm64 `Image`'s start, and nothing else of a kernel. */
export const arm64ImageHeader = Buffer.concat([Buffer.alloc(0x38), Buffer.from("ARM\x64"), Buffer.alloc(4)]);
