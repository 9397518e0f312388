import { crc32, createInflateRaw } from "node:zlib";
import { type ByteSource, slice } from "../byte-source.js";
import { damaged } from "../errors.js";
import { transformed } from "./transform.js";

/** The first bytes of a member whose data is deflated. */
export const gzipMagic = Uint8Array.of(0x1f, 0x8b, 0x08);

const headerBytes = 10;
const trailerBytes = 8;
/** Flags of a member's header (RFC 1952, 2.3.1). */
const flag = { headerCrc: 2, extra: 4, name: 8, comment: 16 } as const;
/** The longest name or comment. */
const maxText = 64 * 1024;

/**
 * Decompresses gzip (RFC 1952), whatever follows its members: Node's own stream refuses the device tree behind a kernel. For
 * what it throws, see `Compression`.
 */
export async function* gunzip(
  source: ByteSource,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let offset = 0; isMember(source, offset); ) offset = yield* member(source, offset, signal);
}

function isMember(source: ByteSource, offset: number): boolean {
  if (offset + headerBytes > source.size) return false;
  const start = source.read(offset, gzipMagic.length);
  return gzipMagic.every((byte, index) => byte === start[index]);
}

/** Gives where the member ends. */
async function* member(
  source: ByteSource,
  offset: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, number, undefined> {
  const start = offset + headerSize(source, offset);
  const data = slice(source, start, source.size - start);
  const inflate = createInflateRaw();
  let crc = 0;
  let size = 0;
  for await (const chunk of transformed(data, signal, "gzip", inflate)) {
    crc = crc32(chunk, crc);
    size += chunk.length;
    yield chunk;
  }
  const end = start + inflate.bytesWritten;
  const trailer = Buffer.from(source.read(end, trailerBytes));
  if (trailer.readUInt32LE(0) !== crc || trailer.readUInt32LE(4) !== size % 2 ** 32)
    throw damaged("its gzip data does not fit its checksum");
  return end + trailerBytes;
}

function headerSize(source: ByteSource, offset: number): number {
  const [flags = 0] = source.read(offset + 3, 1);
  let size = headerBytes;
  if (flags & flag.extra) size += 2 + Buffer.from(source.read(offset + size, 2)).readUInt16LE();
  if (flags & flag.name) size += textSize(source, offset + size);
  if (flags & flag.comment) size += textSize(source, offset + size);
  return size + (flags & flag.headerCrc ? 2 : 0);
}

/** Bytes of a text, with the NUL that ends it. */
function textSize(source: ByteSource, offset: number): number {
  const end = source.read(offset, Math.min(maxText, source.size - offset)).indexOf(0);
  if (end < 0) throw damaged("a name in its gzip data has no end");
  return end + 1;
}
