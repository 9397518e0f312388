/**
 * A value that is looked up once and shared by all callers. The look-up ends with the signal of the first caller; if that
 * aborts, it begins again for the next one. An error is not kept.
 */
export class Once<T> {
  readonly #find: (signal: AbortSignal) => Promise<T>;
  #finding: { readonly found: Promise<T>; readonly signal: AbortSignal } | undefined;

  constructor(find: (signal: AbortSignal) => Promise<T>) {
    this.#find = find;
  }

  /** Throws what the look-up throws. */
  async get(signal: AbortSignal): Promise<T> {
    for (;;) {
      this.#finding ??= { found: this.#find(signal), signal };
      const finding = this.#finding;
      try {
        return await finding.found;
      } catch (error) {
        if (this.#finding === finding) this.#finding = undefined;
        const isOfAnother = finding.signal.aborted && !signal.aborted;
        if (!isOfAnother) throw error;
      }
    }
  }
}
