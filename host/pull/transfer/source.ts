import type { Source } from "../../../shared/identity.js";
import type { ArchiveHeader, ArchiveTrailer, Conversation } from "../../agent/conversation.js";
import { type ByteSource, sourceChunks } from "../../formats/byte-source.js";

/** An archive on its way to us, from wherever it comes. */
export interface ArchiveSource {
  readonly source: Source;
  /** Size of the archive, in bytes. */
  readonly size: number;
  /** The archive's bytes as they come. */
  bytes(): AsyncIterable<Uint8Array>;
  /** What follows the bytes. */
  trailer(): Promise<ArchiveTrailer>;
}

/** An archive that was taken out of a file. */
export function fileSource(archive: ByteSource, signal: AbortSignal): ArchiveSource {
  return {
    source: "file",
    size: archive.size,
    bytes: () => sourceChunks(archive, signal),
    trailer: async () => ({ unloaded: undefined, taint: undefined }),
  };
}

/** An archive that a device has begun to send. */
export function deviceSource(conversation: Conversation, header: ArchiveHeader): ArchiveSource {
  const { source, size } = header;
  return {
    source,
    size,
    bytes: () => conversation.bytes(size),
    trailer: () => conversation.trailer(),
  };
}
