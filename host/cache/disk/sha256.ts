import { closeSync, readSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { asDigest, type Digest } from "../../../shared/identity.js";
import { nodeCrypto } from "../../../shared/node-crypto.js";
import { openRegular } from "./read-file.js";

const chunkBytes = 1024 * 1024;

/** SHA-256 of bytes. */
export function digestOf(content: Uint8Array | string): Digest {
  return known(nodeCrypto().hash("sha256", content, "hex"));
}

/** SHA-256 of bytes that come in chunks. */
export class RunningDigest {
  readonly #hash = nodeCrypto().createHash("sha256");

  update(chunk: Uint8Array): void {
    this.#hash.update(chunk);
  }

  /** May be called once. */
  finish(): Digest {
    return known(this.#hash.digest("hex"));
  }
}

/**
 * SHA-256 of a regular file, yielding to the event loop after each megabyte; undefined if there is none.
 *
 * @throws the system's error; the signal's reason when it aborts.
 */
export async function digestOfFile(
  file: string,
  signal: AbortSignal | undefined,
): Promise<Digest | undefined> {
  const opened = openRegular(file);
  if (opened === undefined) return undefined;
  try {
    const running = new RunningDigest();
    const chunk = Buffer.allocUnsafe(chunkBytes);
    for (;;) {
      signal?.throwIfAborted();
      const length = readSync(opened.descriptor, chunk, 0, chunkBytes, null);
      if (length === 0) return running.finish();
      running.update(chunk.subarray(0, length));
      await nextTurn();
    }
  } finally {
    closeSync(opened.descriptor);
  }
}

function known(hex: string): Digest {
  const digest = asDigest(hex);
  if (digest === undefined) throw new Error(`not a SHA-256: ${hex}`);
  return digest;
}
