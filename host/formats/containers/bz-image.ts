import { type ByteSource, slice } from "../byte-source.js";
import { compressionOf } from "../compression/compression.js";
import type { Container } from "./container.js";

const headerBytes = 0x250;
/** The payload's place is told since version 2.08 of the boot protocol (Linux 2.6.26). */
const minProtocol = 0x0208;
const sectorBytes = 512;
/** The size of what is compressed: gzip has it in its format, to all others the build appends it (scripts/Makefile.lib). */
const sizeBytes = 4;

/**
 * A bzImage, which holds the kernel compressed (Linux Documentation/arch/x86/boot.rst: `setup_sects`, `payload_offset`,
 * `payload_length`).
 */
export const bzImage: Container = {
  recognises(source) {
    if (source.size < headerBytes) return false;
    const header = headerOf(source);
    const isBootSector = header.readUInt16LE(0x1fe) === 0xaa55;
    const hasSetup = header.toString("latin1", 0x202, 0x206) === "HdrS";
    return isBootSector && hasSetup && header.readUInt16LE(0x206) >= minProtocol;
  },
  open(source) {
    const header = headerOf(source);
    // 0 stands for 4, and the boot sector is not counted.
    const setupBytes = ((header.readUInt8(0x1f1) || 4) + 1) * sectorBytes;
    const payload = slice(source, setupBytes + header.readUInt32LE(0x248), header.readUInt32LE(0x24c));
    const isGzip = compressionOf(payload)?.name === "gzip";
    const kernel = isGzip || payload.size < sizeBytes ? payload : slice(payload, 0, payload.size - sizeBytes);
    return { name: "bzImage", kernel };
  },
};

function headerOf(source: ByteSource): Buffer {
  return Buffer.from(source.read(0, headerBytes));
}
