import { corrupt } from "./failures.js";
import { type XzRules, XzStructure } from "./xz-structure.js";
import { XzThread } from "./xz-thread.js";

/** How to decode. */
export interface XzOptions extends XzRules {
  /** Ends the decoder; what is thrown then is the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** The thread that decodes, where one was started ahead, for it takes 50 ms. It serves once. */
  readonly thread?: XzThread | undefined;
}

/**
 * Decodes an .xz file that comes in chunks, in a thread of its own, which starts with the first `next()` and may so
 * start while the source still waits for its first byte, unless one was started before. Decoded bytes come in pieces of at most 64 KiB that are the
 * receiver's to keep; about 1 MB of them is under way at most. The source is read up to 8 MiB ahead of the decoder.
 *
 * When the receiver stops early, the thread ends at once and the source is closed as soon as it gives its next chunk,
 * ends or fails: a source that may wait for long is ended by its own signal.
 *
 * Throws `archive-refused` for what the rules forbid, `archive-corrupt` for what is not whole, the source's own error,
 * or the signal's reason. What came before an error is not to be relied on.
 */
export async function* decodeXz(
  compressed: AsyncIterable<Uint8Array>,
  options: XzOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { signal } = options;
  signal?.throwIfAborted();
  const structure = new XzStructure(options);
  const thread = options.thread ?? new XzThread();
  const onAbort = () => thread.fail(signal?.reason);
  signal?.addEventListener("abort", onAbort);
  try {
    // Never rejects: what fails there is thrown by thread.read().
    void feed(compressed, structure, thread);
    let decoded = 0;
    for (let piece = await thread.read(); piece !== undefined; piece = await thread.read()) {
      decoded += piece.length;
      yield piece;
      thread.used(piece);
    }
    if (decoded !== structure.unpackedBytes) throw corrupt("the xz data gives more or less than it says");
  } finally {
    signal?.removeEventListener("abort", onAbort);
    await thread.close();
  }
}

async function feed(
  compressed: AsyncIterable<Uint8Array>,
  structure: XzStructure,
  thread: XzThread,
): Promise<void> {
  try {
    for await (const chunk of compressed) {
      structure.push(chunk);
      if (!(await thread.write(chunk))) return;
    }
    structure.end();
    thread.end();
  } catch (error) {
    thread.fail(error);
  }
}
