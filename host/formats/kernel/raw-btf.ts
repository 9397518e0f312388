import { type ByteSource, slice } from "../byte-source.js";

/**
 * How the kernel's BTF begins, little-endian: magic 0xeb9f, version 1, no flags, and a header of 24 bytes (Linux
 * include/uapi/linux/btf.h, struct btf_header).
 */
export const btfMark = Uint8Array.of(0x9f, 0xeb, 1, 0, 24, 0, 0, 0);

const headerBytes = 24;

/**
 * The kernel's BTF in an image without sections: of what begins as BTF does and has types and strings as it says, the
 * largest. Programs that are built into a kernel may bring small BTF of their own.
 */
export function findBtf(source: ByteSource, places: readonly number[]): ByteSource | undefined {
  let largest: ByteSource | undefined;
  for (const place of places) {
    const size = btfSize(source, place);
    if (size !== undefined && size > (largest?.size ?? 0)) largest = slice(source, place, size);
  }
  return largest;
}

/** Types come first and strings right behind them; the first string is empty, and the last one ends the BTF. */
function btfSize(source: ByteSource, place: number): number | undefined {
  if (place + headerBytes > source.size) return undefined;
  const header = Buffer.from(source.read(place, headerBytes));
  const [typesAt, typesSize] = [header.readUInt32LE(8), header.readUInt32LE(12)];
  const [stringsAt, stringsSize] = [header.readUInt32LE(16), header.readUInt32LE(20)];
  const size = headerBytes + stringsAt + stringsSize;
  if (typesAt !== 0 || stringsAt !== typesSize || typesSize === 0 || stringsSize < 2) return undefined;
  if (place + size > source.size) return undefined;
  const ends = [place + headerBytes + stringsAt, place + size - 1];
  return ends.every((offset) => source.read(offset, 1)[0] === 0) ? size : undefined;
}
