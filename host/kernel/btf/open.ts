import { readFileSync, statSync } from "node:fs";
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
  const bytes = readWhole(path);
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
    const { size } = statSync(path);
    if (size > maxBytes)
      throw new KheadersError("usage", `${printable(path, 4096)} is too large (${size} bytes)`);
    return readFileSync(path);
  } catch (error) {
    if (error instanceof KheadersError) throw error;
    throw new KheadersError("usage", `cannot read ${printable(path, 4096)}: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}
