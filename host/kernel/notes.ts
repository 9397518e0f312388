import { asBuildId, type BuildId } from "../../shared/identity.js";

const noteTypeBuildId = 3;

/** What ELF notes say. */
export interface Notes {
  /** The GNU build-id; undefined if there is none. */
  readonly buildId: BuildId | undefined;
  /** False if they are empty, or break off within a note. */
  readonly isWhole: boolean;
}

/**
 * Reads ELF notes, as `/sys/kernel/notes` gives them: name size, descriptor size and type (32 bits each), then name and
 * descriptor, both padded to 4 bytes (System V ABI, note section; Linux kernel/ksysfs.c).
 */
export function readNotes(notes: Uint8Array, littleEndian = true): Notes {
  const view = new DataView(notes.buffer, notes.byteOffset, notes.byteLength);
  let offset = 0;
  while (offset + 12 <= notes.length) {
    const nameSize = view.getUint32(offset, littleEndian);
    const descriptorSize = view.getUint32(offset + 4, littleEndian);
    const type = view.getUint32(offset + 8, littleEndian);
    const descriptor = offset + 12 + padded(nameSize);
    if (descriptor + descriptorSize > notes.length) return { buildId: undefined, isWhole: false };
    const name = Buffer.from(notes.subarray(offset + 12, offset + 12 + nameSize)).toString("latin1");
    if (type === noteTypeBuildId && name === "GNU\0") {
      const id = Buffer.from(notes.subarray(descriptor, descriptor + descriptorSize)).toString("hex");
      return { buildId: asBuildId(id), isWhole: true };
    }
    offset = descriptor + padded(descriptorSize);
  }
  return { buildId: undefined, isWhole: notes.length > 0 && offset >= notes.length };
}

function padded(size: number): number {
  return Math.ceil(size / 4) * 4;
}
