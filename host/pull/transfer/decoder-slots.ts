import { availableParallelism } from "node:os";

/** A place among a bounded number. */
export interface Slot {
  /** Gives the place to the caller that has waited longest. May be called again. */
  release(): void;
}

/** A bounded number of places, given in the order in which they are asked for. */
export class Slots {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(count: number) {
    this.#free = count;
  }

  /** Takes a place, waiting for one if need be. @throws the signal's reason when it aborts. */
  async acquire(signal: AbortSignal): Promise<Slot> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#wait(signal);
    let isHeld = true;
    return {
      release: () => {
        if (isHeld) this.#passOn();
        isHeld = false;
      },
    };
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const given = () => {
        signal.removeEventListener("abort", aborted);
        resolve();
      };
      const aborted = () => {
        this.#waiting.delete(given);
        signal.removeEventListener("abort", aborted);
        reject(signal.reason);
      };
      this.#waiting.add(given);
      signal.addEventListener("abort", aborted);
    });
  }

  #passOn(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}

/** The decoders that this process runs at once: each computes in its own thread, so one per core. */
export const decoderSlots = new Slots(availableParallelism());
