import { asBuildId, type BuildId } from "../../shared/identity.js";

const noteTypeBuildId = 3;

/**
 * Finds the GNU build-id in ELF notes, as `/sys/kernel/notes` gives them: name size, descriptor size and type (32 bits
 * each), then name and descriptor, both padded to 4 bytes (System V ABI, note section; Linux kernel/ksysfs.c).
 *
 * @returns undefined where there is none or the notes are malformed.
 */
export function buildIdOf(notes: Uint8Array, littleEndian = true): BuildId | undefined {
  const view = new DataView(notes.buffer, notes.byteOffset, notes.byteLength);
  for (let offset = 0; offset + 12 <= notes.length; ) {
    const nameSize = view.getUint32(offset, littleEndian);
    const descriptorSize = view.getUint32(offset + 4, littleEndian);
    const type = view.getUint32(offset + 8, littleEndian);
    const descriptor = offset + 12 + padded(nameSize);
    if (descriptor + descriptorSize > notes.length) return undefined;
    const name = Buffer.from(notes.subarray(offset + 12, offset + 12 + nameSize)).toString("latin1");
    if (type === noteTypeBuildId && name === "GNU\0") {
      return asBuildId(Buffer.from(notes.subarray(descriptor, descriptor + descriptorSize)).toString("hex"));
    }
    offset = descriptor + padded(descriptorSize);
  }
  return undefined;
}

function padded(size: number): number {
  return Math.ceil(size / 4) * 4;
}
