/**
 * A decoder of one .xz file, at work in a thread or process of its own since it was made. Bytes go in with `write` and
 * `end` and come out of `read`; the first failure, of the decoder or told by `fail`, is what `read` throws from then on.
 */
export interface XzDecoder {
  /**
   * Gives compressed bytes to the decoder, which must not change afterwards. Resolves when more may be written, with
   * false if it wants no more.
   */
  write(chunk: Uint8Array): Promise<boolean>;
  /** No more compressed bytes will come. */
  end(): void;
  /** The next decoded bytes, undefined after the last. Each piece must be told `used`, or no more come at some point. */
  read(): Promise<Uint8Array | undefined>;
  /** The reader is done with a piece. */
  used(bytes: Uint8Array): void;
  /** Makes `read` throw `error`, unless decoding has already ended in one way or the other. */
  fail(error: unknown): void;
  /** Ends the decoder, wherever it is. */
  close(): Promise<void>;
}
