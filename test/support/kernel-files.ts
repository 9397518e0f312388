import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "./cache-fixture.js";

/**
 * A `kheaders.ko` as Linux kernel/kheaders.c makes one, for any machine: an object file with the archive in its read-only data
 * between two symbols, and with `.modinfo`. clang assembles it.
 */
export function kheadersModule(
  archive: Uint8Array,
  options: { target?: string; name?: string; markers?: boolean; before?: string } = {},
): Buffer {
  const { target = "x86_64-linux-gnu", name = "kheaders", markers = false, before = "" } = options;
  const folder = temporaryFolder();
  writeFileSync(join(folder, "archive"), archive);
  const marker = (text: string) => (markers ? `.ascii "${text}"` : "");
  const source = `
    .section .rodata, "a"
    ${before}
    ${marker("IKHD_ST")}
    .globl kernel_headers_data
  kernel_headers_data:
    .incbin "${join(folder, "archive")}"
    .globl kernel_headers_data_end
  kernel_headers_data_end:
    ${marker("IKHD_ED")}
    .asciz "kheaders.tar.xz"
    .section .modinfo, "a"
    .asciz "license=GPL v2"
    ${name === "" ? "" : `.asciz "name=${name}"`}
    .asciz "vermagic=6.1.57-android14-11-gabc SMP preempt mod_unload aarch64"
  `;
  return assembled(source, `--target=${target}`);
}

/** What clang makes of assembler: an object file. */
export function assembled(source: string, ...options: string[]): Buffer {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "source.s"), source);
  const object = join(folder, "object.o");
  execFileSync("clang", [...options, "-c", join(folder, "source.s"), "-o", object]);
  return readFileSync(object);
}

/** What a program that changes a file in place, the last of its arguments, makes of it. */
export function changedBy(content: Uint8Array, program: string, ...options: string[]): Buffer {
  const path = join(temporaryFolder(), "file");
  writeFileSync(path, content);
  execFileSync(program, [...options, path]);
  return readFileSync(path);
}

/** What a program that reads standard input makes of it. */
export function pipedThrough(content: Uint8Array, program: string, ...options: string[]): Buffer {
  return execFileSync(program, options, { input: content, maxBuffer: 1024 * 1024 * 1024 });
}
