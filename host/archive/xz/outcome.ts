/** How something ends: well, or with an error. The first word counts. */
export class Outcome {
  #ended: { readonly failed: boolean; readonly error: unknown } | undefined;

  /** Whether it has ended, in one way or the other. */
  get isKnown(): boolean {
    return this.#ended !== undefined;
  }

  succeed(): void {
    this.#ended ??= { failed: false, error: undefined };
  }

  fail(error: unknown): void {
    this.#ended ??= { failed: true, error };
  }

  throwIfFailed(): void {
    if (this.#ended?.failed) throw this.#ended.error;
  }
}
