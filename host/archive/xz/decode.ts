import { corrupt } from "../errors.js";
import type { XzDecoder } from "./decoder.js";
import { startDecoder } from "./start.js";
import { type XzRules, XzStructure } from "./structure.js";

const unchecked =
  "the archive's xz data has no integrity check: nothing proves that it was not damaged on the way";

/** How to decode. */
export interface XzOptions extends XzRules {
  /** Ends the decoder; what is thrown then is the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** A decoder that was started ahead, because a thread takes 50 ms to start. It serves once. */
  readonly decoder?: XzDecoder | undefined;
  /** Called at the end for each thing that the user should know of an archive that is accepted. */
  readonly onWarning?: (message: string) => void;
}

/**
 * Decodes an .xz file that comes in chunks, which must not change afterwards, in a thread or process of its own. It
 * starts with the first `next()`, while the source may still wait for its first byte, unless it was started before.
 * Decoded bytes come in pieces of at most 64 KiB, which the receiver may keep; at most about 1 MB of them is in flight.
 * The source is read up to 8 MiB ahead of the decoder.
 *
 * If the receiver stops early, the decoder ends at once, and the source is closed as soon as it gives its next chunk, ends
 * or fails: end a source that may wait for long by its own signal.
 *
 * Throws `archive-refused` for what the rules forbid, `archive-corrupt` for what is not whole, the source's own error,
 * or the signal's reason. Do not rely on what came before an error.
 */
export async function* decodeXz(
  compressed: AsyncIterable<Uint8Array>,
  options: XzOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { signal } = options;
  signal?.throwIfAborted();
  const structure = new XzStructure(options);
  const decoder = options.decoder ?? startDecoder();
  const onAbort = () => decoder.fail(signal?.reason);
  signal?.addEventListener("abort", onAbort);
  try {
    // It never rejects: its errors are thrown by decoder.read().
    void feed(compressed, structure, decoder);
    let decoded = 0;
    for (let piece = await decoder.read(); piece !== undefined; piece = await decoder.read()) {
      decoded += piece.length;
      yield piece;
      decoder.used(piece);
    }
    if (decoded !== structure.unpackedBytes) throw corrupt("the xz data gives more or less than it says");
    if (!structure.isChecked) options.onWarning?.(unchecked);
  } finally {
    signal?.removeEventListener("abort", onAbort);
    await decoder.close();
  }
}

async function feed(
  compressed: AsyncIterable<Uint8Array>,
  structure: XzStructure,
  decoder: XzDecoder,
): Promise<void> {
  try {
    for await (const chunk of compressed) {
      structure.push(chunk);
      if (!(await decoder.write(chunk))) return;
    }
    structure.end();
    decoder.end();
  } catch (error) {
    decoder.fail(error);
  }
}
