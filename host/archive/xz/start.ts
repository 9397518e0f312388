import type { XzDecoder } from "./decoder.js";
import { findXzUtils } from "./find-program.js";
import { XzProgram } from "./program.js";
import { XzThread } from "./thread.js";

/**
 * Starts a decoder. The workstation's own xz is native code, about twice as fast as `xz-decompress`, which is used if there
 * is none. The caller must close it, used or not.
 */
export function startDecoder(): XzDecoder {
  const xz = findXzUtils(process.env.PATH);
  return xz === undefined ? new XzThread() : new XzProgram(xz);
}
