import { ArchiveReader, type Member, type TreeRules } from "./reader.js";
import { decodeXz, type XzOptions } from "./xz/decode.js";

/** How to read an archive. */
export type ReadOptions = XzOptions & TreeRules;

/**
 * Reads a compressed archive (`kheaders.tar.xz`) that comes in chunks: gives its checked members in the order of the
 * archive, in batches as they become known. The content of a batch's files is good until the next batch is asked for: all
 * lies in one buffer. Decoding goes on in another thread while the receiver works on a batch; for when the source is read
 * and closed, see {@link decodeXz}.
 *
 * Throws `archive-refused`, `archive-corrupt`, the source's own error, or the signal's reason. The members are good
 * only once it has ended without one; what was made of them before that is to be thrown away.
 */
export async function* readArchive(
  compressed: AsyncIterable<Uint8Array>,
  options: ReadOptions,
): AsyncGenerator<Member[], void, undefined> {
  const reader = new ArchiveReader(options);
  for await (const decoded of decodeXz(compressed, options)) {
    const members = reader.push(decoded);
    if (members.length > 0) yield members;
  }
  for (const warning of reader.end()) options.onWarning?.(warning);
}
