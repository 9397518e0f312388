import { execFileSync } from "node:child_process";

/** Compresses with the `xz` command (package xz-utils). */
export function xz(content: Uint8Array, ...options: string[]): Buffer {
  return execFileSync("xz", ["--compress", "--stdout", ...options], {
    input: content,
    maxBuffer: 1024 * 1024 * 1024,
  });
}

/** A source that gives `bytes` in pieces of `size`. */
export async function* inPieces(bytes: Uint8Array, size = 64 * 1024): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < bytes.length; offset += size) yield bytes.subarray(offset, offset + size);
}
