/**
 * A decoder of one .xz file, which works in a thread or process of its own as soon as it is made. Bytes go in with `write`
 * and `end` and come out of `read`; `read` throws the first error, of the decoder or given to `fail`, from then on.
 */
export interface XzDecoder {
  /**
   * Gives compressed bytes to the decoder; they must not change afterwards. Resolves when more may be written, with false
   * if it takes no more.
   */
  write(chunk: Uint8Array): Promise<boolean>;
  /** No more compressed bytes will come. */
  end(): void;
  /** The next decoded bytes, undefined after the last. If pieces are not given to `used`, no more come at some point. */
  read(): Promise<Uint8Array | undefined>;
  /** The reader is done with a piece. */
  used(bytes: Uint8Array): void;
  /** Makes `read` throw `error`, unless decoding has already ended, well or with an error. */
  fail(error: unknown): void;
  /** Stops the decoder, whatever it is doing. */
  close(): Promise<void>;
}
