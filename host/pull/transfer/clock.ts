import { now } from "../../../shared/now.js";

/** Milliseconds that each part of a pull took; a part that did not happen is absent. */
export interface PullTimes {
  connect?: number;
  identify?: number;
  load?: number;
  transfer?: number;
  unpack?: number;
  total?: number;
}

/** Measures the parts of a pull, one after the other. */
export class Clock {
  readonly #started = now();
  readonly #times: PullTimes = {};
  #last = this.#started;

  /** Ends a part: it took the time since the end of the one before it. */
  lap(part: keyof PullTimes): void {
    const moment = now();
    this.set(part, moment - this.#last);
    this.#last = moment;
  }

  set(part: keyof PullTimes, milliseconds: number): void {
    this.#times[part] = Math.round(milliseconds * 10) / 10;
  }

  times(): PullTimes {
    this.set("total", now() - this.#started);
    return this.#times;
  }
}
