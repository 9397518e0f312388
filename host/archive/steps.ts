import { KheadersError } from "../../shared/errors.js";

/** What a parser asks for next. */
export interface Step {
  /** How many bytes. */
  readonly bytes: number;
  /** They are dropped as they come; the parser gets an empty array. */
  readonly skip?: boolean;
  /** The input may end before the first of them. */
  readonly mayEnd?: boolean;
}

/** A parser written as one sequence of steps, in the order of the format's own description. It never returns. */
export type StepParser = Generator<Step, never, Uint8Array>;

/** A part of a parser, for `yield*`. */
export type Steps<T> = Generator<Step, T, Uint8Array>;

const nothing = new Uint8Array(0);

/**
 * Runs a parser over input that comes in chunks of any size. Bytes that lie in one chunk are handed over as a view of
 * it, so a chunk must not change after it was pushed.
 */
export class StepReader {
  readonly #parser: StepParser;
  #step: Step | undefined;
  #collected: Uint8Array = nothing;
  #filled = 0;
  #taken = 0;

  constructor(parser: StepParser) {
    this.#parser = parser;
    this.#take(nothing);
  }

  /** Throws what the parser throws; the reader is of no use afterwards. */
  push(chunk: Uint8Array): void {
    let offset = 0;
    while (offset < chunk.length) {
      const step = this.#wanted();
      const piece = chunk.subarray(offset, offset + step.bytes - this.#filled);
      offset += piece.length;
      if (step.skip) this.#drop(step, piece);
      else if (piece.length === step.bytes) this.#take(piece);
      else this.#collect(step, piece);
    }
  }

  /** Bytes of the steps that are done. */
  get taken(): number {
    return this.#taken;
  }

  /** Whether the input may end here. */
  get complete(): boolean {
    return this.#step?.mayEnd === true && this.#filled === 0;
  }

  #wanted(): Step {
    if (this.#step === undefined) {
      throw new KheadersError("internal-error", "A failed parser was used again.");
    }
    return this.#step;
  }

  #drop(step: Step, piece: Uint8Array): void {
    this.#filled += piece.length;
    if (this.#filled === step.bytes) this.#take(nothing);
  }

  #collect(step: Step, piece: Uint8Array): void {
    if (this.#filled === 0) this.#collected = new Uint8Array(step.bytes);
    this.#collected.set(piece, this.#filled);
    this.#filled += piece.length;
    if (this.#filled === step.bytes) this.#take(this.#collected);
  }

  #take(bytes: Uint8Array): void {
    this.#taken += this.#step?.bytes ?? 0;
    this.#step = undefined;
    this.#collected = nothing;
    this.#filled = 0;
    let step = this.#parser.next(bytes).value;
    while (step.bytes === 0) step = this.#parser.next(nothing).value;
    this.#step = step;
  }
}
