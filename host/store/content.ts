import { createHash } from "node:crypto";
import { asDigest, type Digest } from "../../shared/identity.js";
import { storeCorrupt } from "./errors.js";
import type { Content, Descriptor } from "./repository.js";

/** Content that is in memory. */
export function contentOf(mediaType: string, bytes: Uint8Array): Content {
  return {
    mediaType,
    digest: digestOfBytes(bytes),
    size: bytes.length,
    async *bytes() {
      yield bytes;
    },
  };
}

/** SHA-256 of bytes. */
export function digestOfBytes(bytes: Uint8Array): Digest {
  return digested(createHash("sha256").update(bytes).digest("hex"));
}

/**
 * Passes on what a descriptor names, compared with it: more bytes than it says are not read, and the end comes only after all
 * of them had its digest. Throws `store-corrupt`.
 *
 * @param address of the store, for the error.
 */
export async function* verified(
  chunks: AsyncIterable<Uint8Array>,
  { digest, size }: Pick<Descriptor, "digest" | "size">,
  address: string,
): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  const name = `the blob ${digest.slice(0, 12)}`;
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > size)
      throw storeCorrupt(address, `${name} has more than the ${size} bytes that its manifest says`);
    hash.update(chunk);
    yield chunk;
  }
  if (bytes < size)
    throw storeCorrupt(address, `${name} has ${bytes} of the ${size} bytes that its manifest says`);
  if (hash.digest("hex") !== digest) throw storeCorrupt(address, `${name} has another digest`);
}

/** Reads a stream to its end, for the errors that it may have. */
export async function readThrough(chunks: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _chunk of chunks);
}

/** All bytes of a stream; undefined if it has more than `maxBytes`, and then the rest is not read. */
export async function readAll(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<Buffer | undefined> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > maxBytes) return undefined;
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}

function digested(hex: string): Digest {
  const digest = asDigest(hex);
  if (digest === undefined) throw new Error(`not a SHA-256: ${hex}`);
  return digest;
}
