import { slice } from "../byte-source.js";
import type { Container } from "./container.js";

const headerBytes = 0x38;

/**
 * An EFI zboot image (`vmlinuz.efi`), which holds the kernel compressed (Linux drivers/firmware/efi/libstub/zboot-header.S).
 */
export const efiZboot: Container = {
  recognises(source) {
    if (source.size < headerBytes) return false;
    const start = Buffer.from(source.read(0, 8)).toString("latin1");
    return start.startsWith("MZ") && start.endsWith("zimg");
  },
  open(source) {
    const header = Buffer.from(source.read(0, headerBytes));
    return { name: "EFI zboot", kernel: slice(source, header.readUInt32LE(8), header.readUInt32LE(12)) };
  },
};
