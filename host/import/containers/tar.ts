import { type ExtractOptions, extractWith } from "./extract.js";

/** The first bytes of lz4's frame format, which tar does not know by itself (lz4_Frame_format.md). */
const lz4Magic = 0x184d2204;

/** Whether a file is an uncompressed tar archive, by the magic of its first header (POSIX pax, ustar; GNU tar). */
export function isTar(head: Uint8Array): boolean {
  return Buffer.from(head.subarray(257, 262)).toString("latin1") === "ustar";
}

/**
 * Unpacks a tar archive, compressed in any way that `tar` knows. It gives names that lead out of the folder, and links, no
 * way to do so (GNU tar, "Security" in its manual). @returns the folder.
 */
export async function extractTar(
  file: string,
  head: Uint8Array,
  folder: string,
  options: ExtractOptions,
): Promise<string> {
  const isLz4 = head.length >= 4 && Buffer.from(head).readUInt32LE() === lz4Magic;
  const decompressor = isLz4 ? ["--use-compress-program=lz4"] : [];
  const plain = ["--no-same-owner", "--no-same-permissions"];
  const args = [
    "--extract",
    ...decompressor,
    ...plain,
    `--file=${file}`,
    `--directory=${folder}`,
    "--force-local",
  ];
  await extractWith({ program: "tar", package: "tar" }, args, folder, options);
  return folder;
}
