import { type ByteSource, slice } from "../byte-source.js";
import type { Container } from "./container.js";

const headerBytes = 0x250;
/** The payload's place is told since version 2.08 of the boot protocol (Linux 2.6.26). */
const minProtocol = 0x0208;
const sectorBytes = 512;

/**
 * A bzImage, which holds the kernel compressed (Linux Documentation/arch/x86/boot.rst: `setup_sects`, `payload_offset`,
 * `payload_length`). The payload ends with the size of what it holds, in 4 bytes.
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
    const offset = setupBytes + header.readUInt32LE(0x248);
    return { name: "bzImage", kernel: slice(source, offset, header.readUInt32LE(0x24c)) };
  },
};

function headerOf(source: ByteSource): Buffer {
  return Buffer.from(source.read(0, headerBytes));
}
