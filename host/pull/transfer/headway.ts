import type { ProgressListener } from "../../../shared/progress.js";

/** Something that one pull has and others wait for. */
export interface Held {
  release(): void;
}

/** What a device must send within the time that it is given, in bytes: a trickle is not headway. */
const minBytes = 64 * 1024;

/**
 * What a pull holds while others wait for it: the lock of its kernel, a place among the decoders. Both only save work, so
 * they are given up early if the device makes no headway: the next pull takes over, and this one may still succeed.
 */
export class Headway {
  readonly #milliseconds: number;
  readonly #held: Held[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  /** @param seconds how long a device may make no headway while others wait. */
  constructor(seconds: number) {
    this.#milliseconds = seconds * 1000;
  }

  /** Takes something over, to be released at the end. */
  hold(held: Held): void {
    if (this.#isOver) held.release();
    else this.#held.push(held);
  }

  /** The device has made headway, or is about to be asked: its time starts again. */
  made(): void {
    if (this.#isOver) return;
    if (this.#timer) this.#timer.refresh();
    else this.#timer = setTimeout(() => this.end(), this.#milliseconds);
  }

  /** Stops the time: we are not waiting for the device now. */
  pause(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Gives up everything that is held. May be called again. */
  end(): void {
    this.pause();
    this.#isOver = true;
    for (const held of this.#held.splice(0)) held.release();
  }

  /** Passes events on, and takes stages and enough transferred bytes for headway. */
  watch(listener: ProgressListener): ProgressListener {
    let counted = 0;
    return (event) => {
      if (event.type === "stage") this.made();
      if (event.type === "progress" && (event.bytes - counted >= minBytes || event.bytes === event.total)) {
        counted = event.bytes;
        this.made();
      }
      listener(event);
    };
  }
}
