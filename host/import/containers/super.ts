import { refusedFile } from "../../formats/errors.js";

/** Where the geometry of dynamic partitions lies, and its magic (AOSP system/core, fs_mgr/liblp/include/liblp/metadata_format.h). */
const geometryAt = 4096;
const geometryMagic = 0x616c4467;

/** Whether a file is an image of `super`, the partition that holds the dynamic ones. */
export function isSuper(head: Uint8Array): boolean {
  return head.length >= geometryAt + 4 && Buffer.from(head).readUInt32LE(geometryAt) === geometryMagic;
}

/** Refuses it: what takes the partitions out of it is a program of AOSP that distributions do not have. */
export async function refuseSuper(): Promise<never> {
  throw refusedFile(
    "it is a super image, with several partitions in it",
    "Take them out with AOSP's lpunpack, and import system_dlkm.img or vendor_dlkm.img.",
  );
}
