import { type ByteSource, slice } from "../byte-source.js";
import { damaged, refusedFile } from "../errors.js";
import type { Container, Opened } from "./container.js";

const magic = Buffer.from("ANDROID!");
const headerBytes = 0x2c;
/** Of versions 3 and 4, whatever the device's page size is. */
const fixedPageBytes = 4096;
const maxVersion = 4;

/**
 * Android's boot image of versions 0 to 4 (AOSP system/tools/mkbootimg, include/bootimg/bootimg.h). The kernel lies at the
 * second page. `open` throws `file-refused` for a later version or one without a kernel.
 */
export const bootImage: Container = {
  recognises: (source) => source.size >= headerBytes && magic.compare(source.read(0, magic.length)) === 0,
  open,
};

function open(source: ByteSource): Opened {
  const header = Buffer.from(source.read(0, headerBytes));
  const kernelBytes = header.readUInt32LE(8);
  // Before version 1 this was the size of the device tree, or unused: 0 or a large number.
  const stated = header.readUInt32LE(0x28);
  const pageBytes = header.readUInt32LE(0x24);
  const version = hasPageSize(pageBytes) && stated > 2 ? 0 : stated;
  if (version > maxVersion)
    throw refusedFile(`it is a boot image of version ${version}; versions up to ${maxVersion} are known`);
  if (kernelBytes === 0)
    throw refusedFile(
      "it is a boot image without a kernel",
      "init_boot.img and some recovery images have none. The kernel is in boot.img.",
    );
  if (version < 3 && !hasPageSize(pageBytes))
    throw damaged(`the page size of the boot image is ${pageBytes}`);
  const offset = version < 3 ? pageBytes : fixedPageBytes;
  return { name: `boot image v${version}`, kernel: slice(source, offset, kernelBytes) };
}

/** Page sizes of flash memory: a power of two from 2 KiB to 128 KiB. In versions 3 and 4 the field is reserved, and 0. */
function hasPageSize(value: number): boolean {
  return value >= 2048 && value <= 128 * 1024 && (value & (value - 1)) === 0;
}
