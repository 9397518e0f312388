import { createHash, hash } from "node:crypto";
import { asDigest, type Digest } from "../../../shared/identity.js";
import { chunksOf } from "../../archive/chunks.js";

/** SHA-256 of bytes. */
export function digestOf(content: Uint8Array | string): Digest {
  return known(hash("sha256", content, "hex"));
}

/** SHA-256 of bytes that come one after another. */
export class RunningDigest {
  readonly #hash = createHash("sha256");

  update(chunk: Uint8Array): void {
    this.#hash.update(chunk);
  }

  /** May be called once. */
  finish(): Digest {
    return known(this.#hash.digest("hex"));
  }
}

/**
 * SHA-256 of a file, leaving the thread to others after each megabyte.
 *
 * @throws the system's error; the signal's reason when it aborts.
 */
export async function digestOfFile(file: string, signal: AbortSignal | undefined): Promise<Digest> {
  const running = new RunningDigest();
  for await (const chunk of chunksOf(file, signal)) running.update(chunk);
  return running.finish();
}

function known(hex: string): Digest {
  const digest = asDigest(hex);
  if (digest === undefined) throw new Error(`not a SHA-256: ${hex}`);
  return digest;
}
