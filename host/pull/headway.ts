/** Something that one may have and others wait for. */
export interface Held {
  release(): void;
}

/**
 * What a pull holds while others wait for it: the lock of its kernel, a place among the decoders. Both save work and no
 * more, so they are given up early when the device makes no headway: whoever is next takes over, and this pull may still
 * come to its end.
 */
export class Turn {
  readonly #milliseconds: number;
  readonly #held: Held[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  /** @param seconds how long a device may make no headway while others wait. */
  constructor(seconds: number) {
    this.#milliseconds = seconds * 1000;
  }

  /** Takes something over, to be released when the turn ends. */
  hold(held: Held): void {
    if (this.#isOver) held.release();
    else this.#held.push(held);
  }

  /** The device has moved, or is about to: from here on it is waited for. */
  headway(): void {
    if (this.#isOver) return;
    if (this.#timer) this.#timer.refresh();
    else this.#timer = setTimeout(() => this.end(), this.#milliseconds);
  }

  /** The device is not waited for now: others have their turn first. */
  pause(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Gives up all that is held. May be called again. */
  end(): void {
    this.pause();
    this.#isOver = true;
    for (const held of this.#held.splice(0)) held.release();
  }
}
