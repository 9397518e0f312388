import type { ByteSource } from "../byte-source.js";
import { gunzip } from "./gzip.js";

/** A form of compression. */
export interface Compression {
  /** As users know it: `gzip`. */
  readonly name: string;
  /**
   * Decompresses in chunks. What follows the compressed data is ignored, as after the kernel in `Image.gz-dtb`.
   *
   * Throws `file-corrupt`, `tool-missing` if it needs a program that is not installed, the source's own error, or the
   * signal's reason.
   */
  readonly decompress: (
    source: ByteSource,
    signal: AbortSignal | undefined,
  ) => AsyncGenerator<Uint8Array, void, undefined>;
}

interface Recognised extends Compression {
  readonly magic: Uint8Array;
}

const compressions: readonly Recognised[] = [
  { name: "gzip", magic: Uint8Array.of(0x1f, 0x8b, 0x08), decompress: gunzip },
];

const maxMagic = Math.max(...compressions.map(({ magic }) => magic.length));

/** How a source is compressed, by its first bytes; undefined if it is not. */
export function compressionOf(source: ByteSource): Compression | undefined {
  const start = source.read(0, Math.min(maxMagic, source.size));
  return compressions.find(({ magic }) => magic.every((byte, index) => byte === start[index]));
}
