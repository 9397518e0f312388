import type { XzDecoder } from "./xz-decoder.js";
import { XzProgram } from "./xz-program.js";
import { XzThread } from "./xz-thread.js";
import { findXzUtils } from "./xz-utils.js";

/**
 * Starts a decoder. The workstation's own xz is native code, about twice as fast as `xz-decompress`, which does the same
 * where there is none. Whoever starts one must close it, used or not.
 */
export function startDecoder(): XzDecoder {
  const xz = findXzUtils(process.env.PATH);
  return xz === undefined ? new XzThread() : new XzProgram(xz);
}
