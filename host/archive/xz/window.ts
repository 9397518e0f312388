/** Bounds what is in flight between a sender and a receiver: the sender waits while `limit` bytes are not yet released. */
export class Window {
  readonly #limit: number;
  #inFlight = 0;
  #waiting: (() => void) | undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Counts `bytes` as in flight. Resolves when more may be sent. One sender only. */
  async add(bytes: number): Promise<void> {
    this.#inFlight += bytes;
    if (this.#inFlight < this.#limit) return;
    await new Promise<void>((resolve) => {
      this.#waiting = resolve;
    });
  }

  /** The receiver is done with `bytes`. */
  release(bytes: number): void {
    this.#inFlight -= bytes;
    if (this.#inFlight < this.#limit) this.#wake();
  }

  /** From now on the sender never waits: the receiver is gone. */
  open(): void {
    this.#inFlight = Number.NEGATIVE_INFINITY;
    this.#wake();
  }

  #wake(): void {
    this.#waiting?.();
    this.#waiting = undefined;
  }
}
