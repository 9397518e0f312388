/** Large enough for most files and the pieces that decoders give, small enough for a processor's cache. */
const usualBytes = 256 * 1024;

/**
 * What has come of a stream and is not read yet, in one piece of memory, which is used again and again: what lies in it
 * is good until the next `append`.
 */
export class StreamBuffer {
  /** The memory. What is not read yet lies from `start` to `end`. */
  bytes: Buffer = Buffer.allocUnsafeSlow(usualBytes);
  start = 0;
  end = 0;
  /** Bytes to have room for, in all. */
  #expected = 0;

  /** Bytes that are not read yet. */
  get length(): number {
    return this.end - this.start;
  }

  append(chunk: Uint8Array): void {
    const wanted = Math.max(this.length + chunk.length, this.#expected);
    this.#expected = 0;
    if (this.start + wanted > this.bytes.length) this.#makeRoom(wanted);
    this.bytes.set(chunk, this.end);
    this.end += chunk.length;
  }

  /**
   * Has the next `append` make room for so many bytes in all, and for the usual pieces that follow them, so that they are
   * moved once. Not before it: what was read lies in the same memory, and is good until then.
   */
  expect(bytes: number): void {
    this.#expected = bytes;
  }

  #makeRoom(bytes: number): void {
    const isEnough = bytes <= this.bytes.length;
    const moved = isEnough ? this.bytes : Buffer.allocUnsafeSlow(bytes + usualBytes);
    this.bytes.copy(moved, 0, this.start, this.end);
    this.bytes = moved;
    this.end -= this.start;
    this.start = 0;
  }
}
