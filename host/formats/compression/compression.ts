import { xzMagic } from "../../archive/xz/headers.js";
import type { ByteSource } from "../byte-source.js";
import { gunzip, gzipMagic } from "./gzip.js";
import { lz4Magic, unlz4Frame, unlz4Legacy } from "./lz4.js";
import { unxz } from "./xz.js";
import { unzstd } from "./zstd.js";

/** A form of compression. */
export interface Compression {
  /** As users know it: `gzip`. */
  readonly name: string;
  /** The bytes that it begins with. */
  readonly magic: Uint8Array;
  /**
   * Decompresses in chunks, which must not be changed. What follows gzip, xz or legacy lz4 is ignored, such as a device tree.
   *
   * Throws `file-corrupt`, `tool-missing` if it needs a program that is not installed, the source's own error, or the
   * signal's reason.
   */
  readonly decompress: (
    source: ByteSource,
    signal: AbortSignal | undefined,
  ) => AsyncGenerator<Uint8Array, void, undefined>;
}

const compressions: readonly Compression[] = [
  { name: "gzip", magic: gzipMagic, decompress: gunzip },
  { name: "xz", magic: xzMagic, decompress: unxz },
  { name: "zstd", magic: littleEndian(0xfd2fb528), decompress: unzstd },
  { name: "lz4", magic: littleEndian(lz4Magic.legacy), decompress: unlz4Legacy },
  { name: "lz4", magic: littleEndian(lz4Magic.frame), decompress: unlz4Frame },
];

const maxMagic = Math.max(...compressions.map(({ magic }) => magic.length));

/** How a source is compressed, by its first bytes; undefined if it is not. */
export function compressionOf(source: ByteSource): Compression | undefined {
  const start = source.read(0, Math.min(maxMagic, source.size));
  return compressions.find(({ magic }) => magic.every((byte, index) => byte === start[index]));
}

function littleEndian(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
