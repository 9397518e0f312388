import { KheadersError } from "../../../shared/errors.js";
import { archiveLimits } from "../../archive/limits.js";
import { TarMembers } from "../../archive/tar/members.js";
import { decodeXz } from "../../archive/xz/decode.js";
import { readStreamHeader, streamHeaderSize } from "../../archive/xz/headers.js";
import { XzStructure } from "../../archive/xz/structure.js";
import { type ByteSource, slice, sourceChunks } from "../byte-source.js";

const rules = { limits: archiveLimits };
const chunkBytes = 64 * 1024;

/** Whether there is a header of an xz stream whose checksum is right: the bytes `\xfd7zXZ\0` alone are common. */
export function isXzHeader(source: ByteSource, offset: number): boolean {
  if (offset + streamHeaderSize > source.size) return false;
  return attempt(() => readStreamHeader(source.read(offset, streamHeaderSize))) !== undefined;
}

/**
 * The xz data that begins at `offset`, to the end of the last stream that is whole; what follows it does not matter. Nothing
 * is decoded. Undefined if there is no whole stream within the limits of an archive.
 */
export function xzDataAt(source: ByteSource, offset: number): ByteSource | undefined {
  if (!isXzHeader(source, offset)) return undefined;
  const structure = new XzStructure(rules);
  attempt(() => {
    for (let at = offset; at < source.size; at += chunkBytes)
      structure.push(source.read(at, Math.min(chunkBytes, source.size - at)));
  });
  return structure.wholeBytes > 0 ? slice(source, offset, structure.wholeBytes) : undefined;
}

/**
 * Whether xz data is an archive of kernel headers: a tar stream that holds `include/generated/utsrelease.h`. It is decoded as
 * far as that file. Data that is damaged before it, or is something else, is not an archive.
 *
 * Throws the system's error or the signal's reason.
 */
export async function isArchive(xzData: ByteSource, signal: AbortSignal | undefined): Promise<boolean> {
  let found = false;
  const members = new TarMembers(archiveLimits, ({ path }) => {
    found ||= releaseFile.test(path);
  });
  try {
    for await (const piece of decodeXz(sourceChunks(xzData, signal), { ...rules, signal })) {
      members.push(piece);
      if (found) return true;
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (!isOfContent(error)) throw error;
  }
  return false;
}

/** Its path as `tar -C FOLDER .` and `tar FOLDER` write it. */
const releaseFile = /^(?:\.\/)?include\/generated\/utsrelease\.h$/;

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (isOfContent(error)) return undefined;
    throw error;
  }
}

function isOfContent(error: unknown): boolean {
  return (
    error instanceof KheadersError && (error.code === "archive-refused" || error.code === "archive-corrupt")
  );
}
