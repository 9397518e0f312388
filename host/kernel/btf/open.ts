import { closeSync, fstatSync, openSync, read, readFileSync, statSync } from "node:fs";
import { promisify } from "node:util";
import { KheadersError, reasonOf } from "../../../shared/errors.js";
import { printable } from "../../../shared/printable.js";
import type { Btf } from "./btf.js";
import { MalformedBtf } from "./malformed.js";
import { readBtf } from "./read.js";

/** A `vmlinux` with debug information has up to 900 MB. */
const maxBytes = 1024 * 1024 * 1024;

/**
 * Opens a file with BTF, as {@link readBtf} does.
 *
 * @param base For a module's: the kernel's.
 * @throws KheadersError `usage` if it cannot be read; `btf-corrupt`.
 */
export function openBtf(path: string, base?: Btf): Btf {
  return btfOf(readWhole(path), path, base);
}

/** As {@link openBtf}, and other work is done while the file is read. */
export async function openBtfMeanwhile(path: string): Promise<Btf> {
  return btfOf(await readMeanwhile(path), path, undefined);
}

function btfOf(bytes: Buffer, path: string, base: Btf | undefined): Btf {
  try {
    return readBtf(bytes, base);
  } catch (error) {
    if (!(error instanceof MalformedBtf)) throw error;
    const { code, message, hint } = error;
    throw new KheadersError(code, `${printable(path, 4096)}: ${message}`, { hint, cause: error });
  }
}

function readWhole(path: string): Buffer {
  try {
    checkSize(path, statSync(path).size);
    return readFileSync(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** In one piece, begun at once: a further one would wait until the thread that asks for it has nothing else to do. */
async function readMeanwhile(path: string): Promise<Buffer> {
  try {
    const file = openSync(path, "r");
    try {
      const { size } = fstatSync(file);
      checkSize(path, size);
      const { bytesRead, buffer } = await promisify(read)(file, Buffer.allocUnsafeSlow(size), 0, size, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw unreadable(path, error);
  }
}

function checkSize(path: string, size: number): void {
  if (size > maxBytes)
    throw new KheadersError("usage", `${printable(path, 4096)} is too large (${size} bytes)`);
}

function unreadable(path: string, error: unknown): unknown {
  if (error instanceof KheadersError) return error;
  return new KheadersError("usage", `cannot read ${printable(path, 4096)}: ${reasonOf(error)}`, {
    cause: error,
  });
}
