/**
 * Something that is found out once for all who want it, with the signal of whoever wants it first. An error is not kept; if the
 * first one gives up, it is found out for the next.
 */
export class Once<T> {
  readonly #find: (signal: AbortSignal) => Promise<T>;
  #finding: { readonly found: Promise<T>; readonly signal: AbortSignal } | undefined;

  constructor(find: (signal: AbortSignal) => Promise<T>) {
    this.#find = find;
  }

  /** Throws what finding it throws. */
  async get(signal: AbortSignal): Promise<T> {
    for (;;) {
      this.#finding ??= { found: this.#find(signal), signal };
      const finding = this.#finding;
      try {
        return await finding.found;
      } catch (error) {
        if (this.#finding === finding) this.#finding = undefined;
        const isOthers = finding.signal.aborted && !signal.aborted;
        if (!isOthers) throw error;
      }
    }
  }
}
